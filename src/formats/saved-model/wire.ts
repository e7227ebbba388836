import { inputError } from '../../errors.js';

// Protocol buffers as they lie in a file. The few messages that are read here are taken apart by hand: a library, and the
// descriptions of the messages, would be many times as much code.

/** A field of a message. Numbers stand in `value`, texts, bytes and messages in `bytes`. */
export interface WireField {
  readonly number: number;
  readonly kind: 'varint' | 'fixed' | 'bytes';
  /** Not exact above 2^53, as negative numbers are. */
  readonly value: number;
  readonly bytes: Uint8Array;
}

/** Seven bits a byte: so many hold 64. */
const MAX_VARINT_BYTES = 10;
const EMPTY = new Uint8Array();

/** A number with its end; undefined where it has none. */
export function readVarint(
  bytes: Uint8Array,
  start: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < MAX_VARINT_BYTES; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  return undefined;
}

/** The head of a field; a message of bytes ends `end + length`. */
export function readFieldHead(bytes: Uint8Array, start: number) {
  const tag = readVarint(bytes, start);
  if (tag === undefined || tag.value < 8 || tag.value >= 2 ** 32) return undefined;
  const number = Math.floor(tag.value / 8);
  switch (tag.value % 8) {
    case 0: {
      const varint = readVarint(bytes, tag.end);
      return varint && ({ number, kind: 'varint', value: varint.value, end: varint.end, length: 0 } as const);
    }
    case 1:
      return { number, kind: 'fixed', value: 0, end: tag.end, length: 8 } as const;
    case 2: {
      const length = readVarint(bytes, tag.end);
      return length && ({ number, kind: 'bytes', value: 0, end: length.end, length: length.value } as const);
    }
    case 5:
      return { number, kind: 'fixed', value: 0, end: tag.end, length: 4 } as const;
    default:
      return undefined;
  }
}

/**
 * Yields the fields of a message, in the order of the file.
 * @param place description of the message, for errors
 * @throws RetrofitError `bad-protobuf`
 */
export function* readFields(message: Uint8Array, place: string): Generator<WireField> {
  for (let at = 0; at < message.length; ) {
    const head = readFieldHead(message, at);
    if (head === undefined || head.end + head.length > message.length) throw badProtobuf(place);
    const { number, kind, end, length } = head;
    const bytes = length === 0 ? EMPTY : message.subarray(end, end + length);
    const value =
      kind === 'fixed' && length === 4 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) : head.value;
    yield { number, kind, value, bytes };
    at = end + length;
  }
}

export const badProtobuf = (place: string) =>
  inputError('bad-protobuf', 'the file is damaged: a message in it has no end, or is none', {
    where: { field: place },
    hint: 'save or download the model again, all of its files',
  });

const UTF8 = new TextDecoder();

/** The text of a field; bytes that are no UTF-8 become replacement characters, and match no name. */
export const textOf = ({ bytes }: WireField): string => UTF8.decode(bytes);
