import type { ErrorReason, RetrofitError } from '../errors.js';
import { printable, printablePath, visible } from './printable.js';
import { SKIP_REASONS } from './sentences.js';

/** Returns an error's message, with the reasons behind it. */
export const errorSentence = ({ message, reasons }: Pick<RetrofitError, 'message' | 'reasons'>): string =>
  reasons.length === 0 ? message : `${message}: ${groupedByReason(reasons).join('; ')}`;

/** One part a reason, with the layers it is about: `a, b and 3 more: no feature map`. */
export function groupedByReason(reasons: readonly ErrorReason[]): readonly string[] {
  const layersBy = new Map<string, string[]>();
  for (const { code, layer } of reasons) {
    const sentence = (SKIP_REASONS as Readonly<Record<string, string>>)[code] ?? code;
    layersBy.set(sentence, [...(layersBy.get(sentence) ?? []), printable(layer)]);
  }
  return [...layersBy].map(([sentence, layers]) => {
    const more = layers.length > 4 ? ` and ${layers.length - 4} more` : '';
    const said = layers.length > 1 ? sentence.replace(/^its /, 'their ') : sentence;
    return `${layers.slice(0, 4).join(', ')}${more}: ${said}`;
  });
}

/** An error in one line: where, what, and what to do. */
export function errorLine(error: RetrofitError): string {
  const { kind, message, where, hint } = error;
  // Messages about flags begin with the flag.
  const saysFlag = message.startsWith('--');
  const field = saysFlag || (kind === 'usage' && where.file === undefined) ? undefined : where.field;
  const layer = saysFlag || where.layer === undefined ? undefined : `layer "${where.layer}"`;
  const place = [
    where.file && printablePath(where.file),
    ...[layer, field].map((part) => part && printable(part)),
  ].filter((part) => part);
  const start = place.length === 0 ? 'se-retrofit' : `se-retrofit: ${place.join(', ')}`;
  // Messages quote names from files: nothing in them may break the line or reach the terminal as a command.
  return `${start}: ${visible(errorSentence(error))}${hint === undefined ? '' : ` (${visible(hint)})`}`;
}
