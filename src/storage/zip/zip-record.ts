import { viewOf } from '../new-bytes.js';
import {
  HEADER_BYTES,
  HEADER_SIGNATURE,
  RECORD_BYTES,
  RECORD_SIGNATURE,
  SEE_ZIP64,
  ZIP64_FIELD,
} from './zip-headers.js';

// The facts of a member in an archive: in a record of its directory, and in the header before the member's data.

/** An extra field of a member, by its ID. */
export interface ExtraField {
  readonly id: number;
  readonly data: Uint8Array;
}

interface MemberClaims {
  readonly name: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly extraFields: readonly ExtraField[];
}

/** Sizes, and where the header is. */
export interface RecordNumbers {
  readonly byteLength: number;
  readonly packedLength: number;
  readonly headerOffset: number;
}

/** A record of the directory. Its numbers are those of the zip64 field where it refers to that. */
export interface ZipRecord extends MemberClaims, RecordNumbers {
  /** The numbers in 32 bits, before the zip64 field takes their place. */
  readonly short: RecordNumbers;
  /** Version of the format that a reader needs. */
  readonly version: number;
  /** The part of the archive that the member lies in. */
  readonly disk: number;
  readonly attributes: number;
  /** Bytes of the record. */
  readonly recordLength: number;
}

/** The header before a member's data; its numbers in 32 bits. */
export interface LocalHeader extends MemberClaims {
  readonly byteLength: number;
  readonly packedLength: number;
}

const NAME_LENGTH_AT = 28;

/**
 * Reads a record of the directory, at the beginning of its bytes.
 * @throws Error that names the damage
 */
export function readRecord(bytes: Uint8Array): ZipRecord {
  if (bytes.length < RECORD_BYTES) throw new Error('its directory ends before its last member');
  const view = viewOf(bytes);
  const signature = view.getUint32(0, true);
  if (signature !== RECORD_SIGNATURE)
    throw new Error(`invalid central directory signature: 0x${signature.toString(16)}`);
  const [nameLength, extraLength, commentLength] = [0, 2, 4].map((at) => view.getUint16(NAME_LENGTH_AT + at, true));
  const recordLength = RECORD_BYTES + nameLength! + extraLength! + commentLength!;
  const name = recordName(bytes);
  const extraFields = readExtraFields(
    bytes.subarray(RECORD_BYTES + nameLength!, RECORD_BYTES + nameLength! + extraLength!),
  );
  const short = {
    packedLength: view.getUint32(20, true),
    byteLength: view.getUint32(24, true),
    headerOffset: view.getUint32(42, true),
  };
  return {
    name,
    version: view.getUint16(6, true),
    flags: view.getUint16(8, true),
    method: view.getUint16(10, true),
    crc32: view.getUint32(16, true),
    disk: view.getUint16(34, true),
    attributes: view.getUint32(38, true),
    extraFields,
    short,
    ...longNumbers(short, extraFields),
    recordLength,
  };
}

/** The name in a record of the directory, or its beginning where it is cut off. */
export const recordName = (bytes: Uint8Array): Uint8Array =>
  bytes.subarray(RECORD_BYTES, RECORD_BYTES + viewOf(bytes).getUint16(NAME_LENGTH_AT, true));

/** The numbers of the zip64 field, in its order, in place of those that refer to it. */
function longNumbers(short: RecordNumbers, extraFields: readonly ExtraField[]): RecordNumbers {
  const field = extraFields.find(({ id }) => id === ZIP64_FIELD);
  if (field === undefined) return short;
  const numbers = readLongNumbers(field.data);
  const longOf = (number: number, what: string): number => {
    if (number !== SEE_ZIP64) return number;
    const long = numbers.shift();
    if (long === undefined) throw new Error(`its zip64 field does not include ${what}`);
    return long;
  };
  return {
    byteLength: longOf(short.byteLength, 'uncompressed size'),
    packedLength: longOf(short.packedLength, 'compressed size'),
    headerOffset: longOf(short.headerOffset, 'where the member begins'),
  };
}

/**
 * Returns the length of a header, with the name and the extra fields behind it.
 * @param bytes its fixed part
 * @throws Error that names the damage
 */
export function headerLength(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  const signature = view.getUint32(0, true);
  if (signature !== HEADER_SIGNATURE)
    throw new Error(`invalid local file header signature: 0x${signature.toString(16)}`);
  return HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
}

/**
 * Reads the header before a member's data, of which these are all bytes.
 * @throws Error that names the damage
 */
export function readLocalHeader(bytes: Uint8Array): LocalHeader {
  const view = viewOf(bytes);
  const nameEnd = HEADER_BYTES + view.getUint16(26, true);
  return {
    name: bytes.subarray(HEADER_BYTES, nameEnd),
    flags: view.getUint16(6, true),
    method: view.getUint16(8, true),
    crc32: view.getUint32(14, true),
    packedLength: view.getUint32(18, true),
    byteLength: view.getUint32(22, true),
    extraFields: readExtraFields(bytes.subarray(nameEnd)),
  };
}

function readExtraFields(bytes: Uint8Array): readonly ExtraField[] {
  const view = viewOf(bytes);
  const fields: ExtraField[] = [];
  // A rest too short for a field is padding.
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > bytes.length) throw new Error('extra field length exceeds the extra fields');
    fields.push({ id: view.getUint16(at, true), data: bytes.subarray(at + 4, end) });
    at = end;
  }
  return fields;
}

/** Reads 64-bit numbers, as precisely as JavaScript's numbers allow; a rest of less than 8 bytes is ignored. */
export function readLongNumbers(data: Uint8Array): number[] {
  const view = viewOf(data);
  return Array.from({ length: Math.floor(data.length / 8) }, (_, index) => Number(view.getBigUint64(index * 8, true)));
}
