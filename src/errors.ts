/**
 * Kind of an error; the command line gives each kind its exit code.
 * - `usage`: the request is wrong (flags, config, unknown stage, output exists)
 * - `refused`: the request is right and the answer is no (over budget, `--deny-code`)
 * - `input`: the model cannot be used
 * - `output`: the result cannot be written
 * - `defect`: a defect of se-retrofit, found before it did harm
 */
export type ErrorKind = 'usage' | 'refused' | 'input' | 'output' | 'defect';

/** Place of an error. `field` is a path inside `file`, such as `weightsManifest[0].paths[1]`. */
export interface ErrorPlace {
  readonly file?: string | undefined;
  readonly layer?: string | undefined;
  readonly field?: string | undefined;
}

/** Why nothing can be done at a layer, as a stable code. */
export interface ErrorReason {
  readonly code: string;
  readonly layer: string;
}

/** Data of an error's message, for programs that word it themselves: `{ found: 9, stages: 4 }`. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>;

export interface ErrorDetails {
  readonly where?: ErrorPlace;
  readonly facts?: ErrorFacts;
  /** Advice to the reader, as a sentence. */
  readonly hint?: string;
  /** Causes, where several layers are involved. */
  readonly reasons?: readonly ErrorReason[];
  /** The command has printed its whole report: nothing more goes to stdout. */
  readonly isReported?: boolean;
}

/** The one error class of se-retrofit: a stable `code` for programs, a sentence, a place and a hint for people. */
export class RetrofitError extends Error {
  override readonly name = 'RetrofitError';
  readonly where: ErrorPlace;
  readonly facts: ErrorFacts;
  readonly hint: string | undefined;
  readonly reasons: readonly ErrorReason[];
  readonly isReported: boolean;

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message);
    const { file, layer, field } = details.where ?? {};
    // The root of a file is the whole of it: it has no path.
    this.where = { file, layer, field: field === '' ? undefined : field };
    this.facts = details.facts ?? {};
    this.hint = details.hint;
    this.reasons = details.reasons ?? [];
    this.isReported = details.isReported ?? false;
  }
}

/** The request is wrong: exit code 2. */
export const usageError = (code: string, message: string, details?: ErrorDetails) =>
  new RetrofitError('usage', code, message, details);

/** The answer is no: exit code 3. */
export const refusal = (code: string, message: string, details?: ErrorDetails) =>
  new RetrofitError('refused', code, message, details);

/** The model cannot be used: exit code 4. */
export const inputError = (code: string, message: string, details?: ErrorDetails) =>
  new RetrofitError('input', code, message, details);

/** The result cannot be written: exit code 5. */
export const outputError = (code: string, message: string, details?: ErrorDetails) =>
  new RetrofitError('output', code, message, details);

/** We made something wrong, and say so instead of writing it: exit code 1. */
export const defect = (message: string, where: ErrorPlace) =>
  new RetrofitError('defect', 'defect', message, {
    where,
    hint: 'this is a defect of se-retrofit: please report it with the architecture of the model',
  });

/** The same error with a file named, for readers that know the file when the thrower did not. */
export const inFile = (error: unknown, file: string): unknown =>
  withPlace(error, (where) => (where.file === undefined ? { ...where, file } : where));

/** The same error with its field as a path inside the file, for readers that know where in the file the layer stands. */
export const inField = (error: unknown, fieldOf: (where: ErrorPlace) => string): unknown =>
  withPlace(error, (where) => ({ ...where, field: fieldOf(where) }));

const withPlace = (error: unknown, placeOf: (where: ErrorPlace) => ErrorPlace): unknown =>
  error instanceof RetrofitError ? withDetails(error, { where: placeOf(error.where) }) : error;

/** The same error with other advice, where it gives some. */
export const withHint = (error: RetrofitError, hintOf: (hint: string) => string): RetrofitError =>
  error.hint === undefined ? error : withDetails(error, { hint: hintOf(error.hint) });

function withDetails(error: RetrofitError, details: ErrorDetails): RetrofitError {
  const { kind, code, message, where, facts, hint, reasons, isReported } = error;
  const known = { where, facts, reasons, isReported, ...(hint === undefined ? {} : { hint }) };
  return new RetrofitError(kind, code, message, { ...known, ...details });
}

/** First line of an error's message: loaders of native code write whole pages, and Node names the requesting file. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .split('\n')[0]!
    .replace(/ imported from \S+$/, '')
    .trim();
