import { readDense } from './dense-storage.js';
import { decodeName, numberAt, piece, sizedNumberAt, u8At } from './fields.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { damaged, unread } from './hdf5-errors.js';
import { LINK, LINK_INFO } from './message-types.js';
import { findMessage, type HeaderMessage, isShared } from './object-header.js';

/** A link message: one name in a group of the later kind. */
export interface Link {
  readonly name: string;
  readonly kind: 'object' | 'soft link' | 'external link' | 'unknown';
  /** Where the header of the object lies; -1 for links of other kinds. */
  readonly address: number;
}

const HAS_KIND = 0x08;
const HAS_ORDER = 0x04;
const HAS_CHARSET = 0x10;
const LINK_KINDS: ReadonlyMap<number, Link['kind']> = new Map([
  [0, 'object'],
  [1, 'soft link'],
  [64, 'external link'],
]);

/** The links of a group by its header. @throws RetrofitError `bad-hdf5` */
export function listLinks(file: Hdf5Bytes, messages: readonly HeaderMessage[]): readonly Link[] {
  const links = messages.filter(({ type }) => type === LINK);
  if (links.some(isShared)) throw unread('messages that several objects share');
  const found = [...links.map(({ content }) => content), ...listApart(file, messages)].map(parseLink);
  if (new Set(found.map(({ name }) => name)).size < found.length) throw damaged('a group has two objects of one name');
  return found;
}

/** Many links stand apart from the header. */
function listApart(file: Hdf5Bytes, messages: readonly HeaderMessage[]): readonly Uint8Array[] {
  const info = findMessage(messages, LINK_INFO);
  if (info === undefined) return [];
  const place = (u8At(info, 1) & 1) === 1 ? 10 : 2;
  return readDense(file, numberAt(info, place), numberAt(info, place + 8), 'links').map(({ content }) => content);
}

function parseLink(content: Uint8Array): Link {
  const [version, flags] = [u8At(content, 0), u8At(content, 1)];
  if (version !== 1) throw damaged('a link is of an unknown version');
  let offset = 2;
  const kind = (flags & HAS_KIND) === 0 ? 0 : u8At(content, offset++);
  if ((flags & HAS_ORDER) !== 0) offset += 8;
  if ((flags & HAS_CHARSET) !== 0) offset += 1;
  const sizeBytes = 2 ** (flags & 3);
  const nameBytes = sizedNumberAt(content, offset, sizeBytes);
  const name = decodeName(piece(content, offset + sizeBytes, nameBytes));
  offset += sizeBytes + nameBytes;
  const linkKind = LINK_KINDS.get(kind) ?? 'unknown';
  return { name, kind: linkKind, address: linkKind === 'object' ? numberAt(content, offset) : -1 };
}
