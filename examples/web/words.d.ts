import type { ErrorFacts, ErrorPlace, Warning } from '../../src/web.js';

export const OWN_SENTENCES: ReadonlySet<string>;
export const OWN_ADVICE: ReadonlySet<string>;

export interface SaidError {
  readonly code: string;
  readonly sentence: string;
  readonly where: ErrorPlace;
  readonly facts: ErrorFacts;
  readonly hint?: string | undefined;
}

export function errorWords(error: SaidError): {
  readonly what: string;
  readonly place: string;
  readonly advice: string;
};
export function warningWords(warning: Warning): string;
