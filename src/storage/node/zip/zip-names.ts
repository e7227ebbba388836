import type { Entry, ExtraField } from 'yauzl';

const UNICODE_PATH_FIELD = 0x7075;

// The kind of file in a Unix mode.
const MODE_KIND = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

/** Why a member's name is not a plain path inside a folder; undefined where it is. The name of a folder ends in a slash. */
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

/** Why a member is no ordinary file (no folder, where its name is one), by its Unix mode; undefined where it is. */
export function findUnsafeKind(entry: Entry, isFolder: boolean): string | undefined {
  const kind = (entry.externalFileAttributes >>> 16) & MODE_KIND;
  // Python's zipfile, and so Keras, gives a mode without a kind.
  if (kind === 0 || kind === (isFolder ? FOLDER : REGULAR)) return undefined;
  return isFolder ? 'a file or link with the name of a folder' : 'a link, folder, pipe or device instead of a file';
}

/** Why a member's name is not certain; undefined where it is. Old tools and new ones may read two different names. */
export function findTwoNames(extraFields: readonly ExtraField[], name: string): string | undefined {
  const names = extraFields.filter(({ id }) => id === UNICODE_PATH_FIELD).map(({ data }) => data.toString('utf8', 5));
  return names.every((other) => other === name) ? undefined : 'the member has two different names';
}
