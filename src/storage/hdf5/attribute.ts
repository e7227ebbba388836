import { compareBytes } from '../compare-bytes.js';
import { parseDataspace } from './dataspace.js';
import { type Datatype, parseDatatype } from './datatype.js';
import { readDense } from './dense-storage.js';
import { decodeName, numberAt, padded, piece, product, u8At, u16At, upToNul } from './fields.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { damaged, unread } from './hdf5-errors.js';
import { ATTRIBUTE, ATTRIBUTE_INFO } from './message-types.js';
import { findMessage, type HeaderMessage, isShared } from './object-header.js';

/** An attribute in an object's header. */
export interface Attribute {
  readonly name: string;
  /** Undefined for a named type, which is stored elsewhere: no text of Keras' has one. */
  readonly type: Datatype | undefined;
  readonly elementCount: number;
  readonly isList: boolean;
  readonly values: Uint8Array;
}

const PADDED_VERSION = 1;
const LAST_VERSION = 3;
const HAS_SHARED_TYPE = 1;
const HAS_SHARED_SPACE = 2;
/** Offset of a message's flags in a record of the index. */
const ATTRIBUTE_FLAGS = 8;

/** The attributes of a header, in the order of their names. */
export function readAttributes(file: Hdf5Bytes, messages: readonly HeaderMessage[]): ReadonlyMap<string, Attribute> {
  const found = [...messages.filter(({ type }) => type === ATTRIBUTE), ...listApart(file, messages)].map(
    parseAttribute,
  );
  const inOrder = found.sort((left, right) => compareBytes(left.nameBytes, right.nameBytes));
  const byName = new Map(inOrder.map(({ attribute }) => [attribute.name, attribute]));
  if (byName.size < inOrder.length) throw damaged('an object has two attributes of one name');
  return byName;
}

/** The name in an attribute's message of any version. */
export const attributeName = (content: Uint8Array): string => decodeName(nameBytesOf(content));

/** Many attributes stand apart from the header. */
function listApart(file: Hdf5Bytes, messages: readonly HeaderMessage[]): readonly HeaderMessage[] {
  const info = findMessage(messages, ATTRIBUTE_INFO);
  if (info === undefined) return [];
  const place = (u8At(info, 1) & 1) === 1 ? 4 : 2;
  return readDense(file, numberAt(info, place), numberAt(info, place + 8), 'attributes').map(({ record, content }) => ({
    type: ATTRIBUTE,
    flags: u8At(record, ATTRIBUTE_FLAGS),
    content,
  }));
}

function nameStart(content: Uint8Array): number {
  return u8At(content, 0) === LAST_VERSION ? 9 : 8;
}

const nameBytesOf = (content: Uint8Array): Uint8Array => upToNul(piece(content, nameStart(content), u16At(content, 2)));

function parseAttribute(message: HeaderMessage): { readonly nameBytes: Uint8Array; readonly attribute: Attribute } {
  if (isShared(message)) throw unread('attributes that several objects share');
  const { content } = message;
  const [version, flags] = [u8At(content, 0), u8At(content, 1)];
  if (version < PADDED_VERSION || version > LAST_VERSION) throw damaged('an attribute is of an unknown version');
  if (version > PADDED_VERSION && (flags & HAS_SHARED_SPACE) !== 0) throw unread('shapes that several objects share');
  let end = nameStart(content);
  const [name, typeBytes, space] = [2, 4, 6].map((place) => {
    const byteLength = u16At(content, place);
    const part = piece(content, end, byteLength);
    end += version === PADDED_VERSION ? padded(byteLength) : byteLength;
    return part;
  }) as [Uint8Array, Uint8Array, Uint8Array];
  const nameBytes = upToNul(name);
  if (nameBytes.length !== name.length - 1) throw damaged('the name of an attribute has no end');
  const { shape } = parseDataspace(space);
  const hasOwnType = version === PADDED_VERSION || (flags & HAS_SHARED_TYPE) === 0;
  const type = hasOwnType ? parseDatatype(typeBytes) : undefined;
  const elementCount = shape === undefined ? 0 : product(shape);
  const byteLength = elementCount * (type?.itemBytes ?? 0);
  if (!(end + byteLength <= content.length)) throw damaged('an attribute has fewer values than it says');
  return {
    nameBytes,
    attribute: {
      name: decodeName(nameBytes),
      type,
      elementCount,
      isList: shape !== undefined && shape.length > 0,
      values: content.subarray(end, end + byteLength),
    },
  };
}
