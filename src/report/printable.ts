import { MAX_SHOWN_NAME, MAX_SHOWN_PATH } from '../limits.js';
import { count } from '../plural.js';

/** A name from a file, fit to be shown: control characters and terminal escapes as `\u001b`, long names cut. */
export function printable(name: string): string {
  const safe = visible(name);
  return safe.length > MAX_SHOWN_NAME ? `${safe.slice(0, MAX_SHOWN_NAME - 3)}...` : safe;
}

/** A path, fit to be shown as names are; of a very long one the middle is left out, and never the file's name. */
export function printablePath(path: string): string {
  const half = (MAX_SHOWN_PATH - 3) >> 1;
  return visible(path.length > MAX_SHOWN_PATH ? `${path.slice(0, half)}...${path.slice(-half)}` : path);
}

/** A text of any length with its control characters and terminal escapes as `\u001b`. */
export const visible = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );

/** Bytes in the unit that fits: 14.1 MB. */
export function byteSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** Large counts short: 4.1 G, 942.1 k. */
export function magnitude(number: number | null): string {
  if (number === null) return '?';
  for (const [size, suffix] of [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ] as const) {
    if (number >= size) return `${(number / size).toFixed(1)}${suffix}`;
  }
  return String(number);
}

/** Formats a share in percent: +3.7 %, +0.0063 %. */
export const percent = (share: number | null): string =>
  share === null ? '' : `+${share >= 0.1 || share === 0 ? share.toFixed(1) : share.toPrecision(2)} %`;

/** A part of a whole: 63 %, 3.2 %, 5 %, < 0.1 %. */
export function share(part: number): string {
  const percentage = 100 * part;
  return percentage > 0 && percentage < 0.095
    ? '< 0.1 %'
    : `${Number(percentage.toFixed(percentage < 9.95 ? 1 : 0))} %`;
}

/** The images that are classified right, with their share: 4 of 15 (26.7 %). */
export const accuracyWords = (accuracy: number, images: number): string =>
  `${count(Math.round(accuracy * images))} of ${count(images)} (${Number((100 * accuracy).toFixed(images < 1000 ? 1 : 2))} %)`;

/** The first of some names, each in quotes: there may be commas in them. */
export const quotedNames = (names: readonly string[], most = 3): string =>
  [...names.slice(0, most).map((name) => `"${printable(name)}"`), ...(names.length > most ? ['...'] : [])].join(', ');
