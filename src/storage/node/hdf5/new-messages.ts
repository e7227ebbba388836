import { datatypeMessage, type NumberDtype } from '../../hdf5/datatype.js';
import { padded } from '../../hdf5/fields.js';
import { DATASPACE, DATATYPE, FILL_VALUE, LAYOUT } from '../../hdf5/message-types.js';
import { numberBytes, UNDEFINED_BYTES } from './number-bytes.js';

/** A message of an object's header that is to be written. */
export interface NewMessage {
  readonly type: number;
  readonly content: Uint8Array;
  readonly flags?: number;
}

const HEADER_BYTES = 16;
const MESSAGE_HEAD_BYTES = 8;
/** Its bytes are counted in 16 bits. */
const MOST_MESSAGE_BYTES = 65_528;
const IS_CONSTANT = 1;

/** No value is set; it is written when the values are. */
const NO_FILL_VALUE = Buffer.from('0202020100000000', 'hex');

/** A shape that never grows; [] is a single value. */
function dataspaceContent(shape: readonly number[]): Buffer {
  const hasMost = shape.length > 0 ? 1 : 0;
  return Buffer.concat([
    Buffer.from([1, shape.length, hasMost, 0, 0, 0, 0, 0]),
    ...[...shape, ...shape].map(numberBytes),
  ]);
}

/**
 * What the header of a dataset holds whose values lie in a row.
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
    { type: LAYOUT, content: Buffer.concat([Buffer.from([3, 1]), place, numberBytes(byteLength)]) },
  ];
}

/** The content of an attribute's message; undefined for one that no header has room for. */
export function attributeContent(
  name: string,
  datatype: Uint8Array,
  shape: readonly number[],
  values: Uint8Array,
): Buffer | undefined {
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  const parts = [Buffer.from(`${name}\0`), datatype, dataspaceContent(shape)];
  for (const [index, part] of parts.entries()) head.writeUInt16LE(part.length, 2 + 2 * index);
  const content = Buffer.concat([head, ...parts.map(fillUp), fillUp(values)]);
  return content.length > MOST_MESSAGE_BYTES ? undefined : content;
}

function fillUp(bytes: Uint8Array): Uint8Array {
  return bytes.length % 8 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(padded(bytes.length) - bytes.length)]);
}

/** The header of an object, of the first version. */
export function headerBytes(messages: readonly NewMessage[]): Buffer {
  const parts = messages.flatMap(({ type, content, flags = 0 }) => {
    const head = Buffer.alloc(MESSAGE_HEAD_BYTES);
    head.writeUInt16LE(type, 0);
    head.writeUInt16LE(padded(content.length), 2);
    head.writeUInt8(flags, 4);
    return [head, fillUp(content)];
  });
  const start = Buffer.alloc(HEADER_BYTES);
  start.writeUInt8(1, 0);
  start.writeUInt16LE(messages.length, 2);
  start.writeUInt32LE(1, 4);
  start.writeUInt32LE(
    parts.reduce((sum, part) => sum + part.length, 0),
    8,
  );
  return Buffer.concat([start, ...parts]);
}
