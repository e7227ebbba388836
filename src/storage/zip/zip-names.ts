import { isSame } from '../compare-bytes.js';
import { IS_UTF8 } from './zip-headers.js';
import type { ExtraField, ZipRecord } from './zip-record.js';

const UNICODE_PATH_FIELD = 0x7075;

// The kind of file in a Unix mode.
const MODE_KIND = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

/**
 * Returns why a member's name is not a plain path inside a folder; undefined where it is. A folder's ends in a slash.
 */
export function findUnsafeName(name: string, bytes: Uint8Array): string | undefined {
  if (name === '') return 'a member without a name';
  if (/\p{Cc}/u.test(name) || bytes.some((byte) => byte < 0x20 || byte === 0x7f))
    return 'a member with a control character in its name';
  if (name.includes('\\')) return 'a member with a backslash in its name';
  if (name.startsWith('/')) return 'a member with an absolute name';
  if (/^[a-z]:/i.test(name)) return 'a member with a drive letter in its name';
  const segments = name.replace(/\/$/, '').split('/');
  if (segments.includes('..')) return 'a member that would lie outside its folder';
  if (segments.some((segment) => segment === '' || segment === '.')) return 'a member whose name is no plain path';
  return undefined;
}

/** Returns why a member is no ordinary file (or folder, by its name), from its Unix mode; undefined where it is. */
export function findUnsafeKind({ attributes }: Pick<ZipRecord, 'attributes'>, isFolder: boolean): string | undefined {
  const kind = (attributes >>> 16) & MODE_KIND;
  // Python's zipfile, and so Keras, gives a mode without a kind.
  if (kind === 0 || kind === (isFolder ? FOLDER : REGULAR)) return undefined;
  return isFolder ? 'a file or link with the name of a folder' : 'a link, folder, pipe or device instead of a file';
}

/** Returns why a member's name is ambiguous; undefined where it is not. Old and new tools may read different names. */
export function findTwoNames(extraFields: readonly ExtraField[], name: string): string | undefined {
  const names = extraFields
    .filter(({ id }) => id === UNICODE_PATH_FIELD)
    .map(({ data }) => lenientUtf8(data.subarray(5)));
  return names.every((other) => other === name) ? undefined : 'the member has two different names';
}

/** The code page of DOS, in which names are that do not say that they are in UTF-8: it has pictures for what controls. */
const LOWER_PART = '\0☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼';
const DELETE = '⌂';
const UPPER_HALF =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

function codePageSign(byte: number): string {
  if (byte >= 0x80) return UPPER_HALF[byte - 0x80]!;
  return byte === 0x7f ? DELETE : (LOWER_PART[byte] ?? String.fromCharCode(byte));
}

// A mark of the byte order is part of a name.
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Decodes UTF-8, with replacement characters for invalid bytes. */
export const lenientUtf8 = (bytes: Uint8Array): string => UTF8.decode(bytes);

/** Returns the name of a member as it is shown. */
export const nameOf = ({ flags, name }: Pick<ZipRecord, 'flags' | 'name'>): string =>
  (flags & IS_UTF8) !== 0 || name.every((byte) => byte < 0x80)
    ? lenientUtf8(name)
    : Array.from(name, codePageSign).join('');

/** Tells whether a name that says it is in UTF-8 is not. */
export const isBadUtf8 = ({ flags, name }: Pick<ZipRecord, 'flags' | 'name'>): boolean =>
  (flags & IS_UTF8) !== 0 && !isSame(new TextEncoder().encode(lenientUtf8(name)), name);
