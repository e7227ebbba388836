import { joinBytes, newBytes } from '../new-bytes.js';
import { datatypeMessage, type NumberDtype } from './datatype.js';
import { encodeUtf8, fromHex, padded } from './fields.js';
import { DATASPACE, DATATYPE, FILL_VALUE, LAYOUT } from './message-types.js';
import { numberBytes, UNDEFINED_BYTES } from './number-bytes.js';

/** A new message of an object's header. */
export interface NewMessage {
  readonly type: number;
  readonly content: Uint8Array;
  readonly flags?: number;
}

const HEADER_BYTES = 16;
const MESSAGE_HEAD_BYTES = 8;
/** Its bytes are counted in 16 bits. */
const MOST_MESSAGE_BYTES = 65_528;
/** Messages are counted in 16 bits. */
const MOST_MESSAGES = 0xffff;
const IS_CONSTANT = 1;

/** No value is set; it is written when the values are. */
const NO_FILL_VALUE = fromHex('0202020100000000');

/** A shape that never grows; [] is a single value. */
function dataspaceContent(shape: readonly number[]): Uint8Array {
  const hasMost = shape.length > 0 ? 1 : 0;
  return joinBytes([Uint8Array.of(1, shape.length, hasMost, 0, 0, 0, 0, 0), ...[...shape, ...shape].map(numberBytes)]);
}

/**
 * Returns the messages of a header whose dataset is contiguous.
 * @param address undefined for one without values
 */
export function datasetMessages(
  dtype: NumberDtype,
  shape: readonly number[],
  address: number | undefined,
  byteLength: number,
): readonly NewMessage[] {
  const place = address === undefined ? UNDEFINED_BYTES : numberBytes(address);
  return [
    { type: DATASPACE, content: dataspaceContent(shape) },
    { type: DATATYPE, content: datatypeMessage(dtype), flags: IS_CONSTANT },
    { type: FILL_VALUE, content: NO_FILL_VALUE, flags: IS_CONSTANT },
    { type: LAYOUT, content: joinBytes([Uint8Array.of(3, 1), place, numberBytes(byteLength)]) },
  ];
}

/** The content of an attribute's message; undefined for one that no header has room for. */
export function attributeContent(
  name: string,
  datatype: Uint8Array,
  shape: readonly number[],
  values: Uint8Array,
): Uint8Array | undefined {
  const { bytes: head, view } = newBytes(8);
  view.setUint8(0, 1);
  const parts = [encodeUtf8(`${name}\0`), datatype, dataspaceContent(shape)];
  for (const [index, part] of parts.entries()) view.setUint16(2 + 2 * index, part.length, true);
  const content = joinBytes([head, ...parts.map(fillUp), fillUp(values)]);
  return content.length > MOST_MESSAGE_BYTES ? undefined : content;
}

function fillUp(bytes: Uint8Array): Uint8Array {
  return bytes.length % 8 === 0 ? bytes : joinBytes([bytes, new Uint8Array(padded(bytes.length) - bytes.length)]);
}

/** The header of an object, of the first version. */
export function headerBytes(messages: readonly NewMessage[]): Uint8Array {
  const parts = messages.flatMap(({ type, content, flags = 0 }) => {
    const { bytes: head, view } = newBytes(MESSAGE_HEAD_BYTES);
    view.setUint16(0, type, true);
    view.setUint16(2, padded(content.length), true);
    view.setUint8(4, flags);
    return [head, fillUp(content)];
  });
  if (messages.length > MOST_MESSAGES) throw new Error(`${messages.length} messages do not fit into a header`);
  const { bytes: start, view } = newBytes(HEADER_BYTES);
  view.setUint8(0, 1);
  view.setUint16(2, messages.length, true);
  view.setUint32(4, 1, true);
  const byteLength = parts.reduce((sum, part) => sum + part.length, 0);
  view.setUint32(8, byteLength, true);
  return joinBytes([start, ...parts]);
}
