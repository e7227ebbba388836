import { padded } from './hdf5-bytes.js';
import type { HeaderMessage } from './hdf5-header.js';
import { ATTRIBUTE } from './message-types.js';
import { isPlainType, plainShape } from './plain-messages.js';

/** An attribute as it stands in an object's header. */
export interface PlainAttribute {
  readonly name: string;
  /** The message that says what its values are. */
  readonly datatype: Buffer;
  readonly shape: readonly number[];
  readonly values: Buffer;
}

const HEAD_BYTES = 8;
const LATEST_VERSION = 3;

/** The attributes of a header, in the order of their names; undefined where one is of another kind than HDF5 writes for Keras. */
export function plainAttributes(messages: readonly HeaderMessage[]): ReadonlyMap<string, PlainAttribute> | undefined {
  const found = new Map<string, PlainAttribute>();
  for (const { type, content } of messages) {
    if (type !== ATTRIBUTE) continue;
    const attribute = parseAttribute(content);
    if (attribute === undefined || found.has(attribute.name)) return undefined;
    found.set(attribute.name, attribute);
  }
  if (found.size < 2) return found;
  const inOrder = [...found].map(([name, attribute]) => ({ bytes: Buffer.from(name), name, attribute }));
  inOrder.sort((left, right) => Buffer.compare(left.bytes, right.bytes));
  return new Map(inOrder.map(({ name, attribute }) => [name, attribute]));
}

/** The name in an attribute's message of any version. */
export function attributeName(content: Buffer): string {
  const start = content[0] === LATEST_VERSION ? HEAD_BYTES + 1 : HEAD_BYTES;
  return content.toString('utf8', start, start + content.readUInt16LE(2) - 1);
}

function parseAttribute(content: Buffer): PlainAttribute | undefined {
  const [version, reserved] = content;
  if (content.length < HEAD_BYTES || reserved !== 0 || version !== 1) return undefined;
  let end = HEAD_BYTES;
  const [name, datatype, dataspace] = [2, 4, 6].map((place) => {
    const start = end;
    const byteLength = content.readUInt16LE(place);
    end = start + padded(byteLength);
    return content.subarray(start, start + byteLength);
  }) as [Buffer, Buffer, Buffer];
  if (end > content.length || datatype.length < 8 || dataspace.length < 8 || !isPlainType(datatype)) return undefined;
  const text = plainText(name);
  const shape = plainShape(dataspace);
  if (text === undefined || shape === undefined) return undefined;
  const byteLength = shape.reduce((product, size) => product * size, datatype.readUInt32LE(4));
  if (padded(byteLength) !== content.length - end) return undefined;
  return { name: text, datatype, shape, values: content.subarray(end, end + byteLength) };
}

/** A name with its end and nothing behind it, in UTF-8. */
function plainText(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8', 0, bytes.length - 1);
  const isWhole = bytes.length > 1 && bytes.indexOf(0) === bytes.length - 1;
  return isWhole && Buffer.from(text).equals(bytes.subarray(0, -1)) ? text : undefined;
}
