import type { RetrofitError } from '../errors.js';
import { printable } from './printable.js';

/** An error in one line: where, what, and what to do. */
export function errorLine({ message, where, hint }: RetrofitError): string {
  const place = [where.file, where.layer === undefined ? undefined : `layer "${where.layer}"`, where.field]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => printable(part!));
  const start = place.length === 0 ? 'se-retrofit' : `se-retrofit: ${place.join(', ')}`;
  return `${start}: ${oneLine(message)}${hint === undefined ? '' : ` (${oneLine(hint)})`}`;
}

// Messages quote names from files: nothing in them may break the line or reach the terminal as a command.
const oneLine = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
