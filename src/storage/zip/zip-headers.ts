import { joinBytes, newBytes } from '../new-bytes.js';

/** A member as its headers tell of it. */
export interface MemberFacts {
  readonly name: Uint8Array;
  readonly byteLength: number;
  readonly crc32: number;
  /** Where its local header begins. */
  readonly headerOffset: number;
  /** Whether its size stands in 64 bits though 32 would do: it was not known when the header had to get its length. */
  readonly isLong?: boolean;
}

// The same bytes as Python's zipfile writes for Keras, whatever the time, the time zone or the user: stored, from Unix,
// of 1980-01-01, read and written by the owner.
const VERSION = 20;
const VERSION_ZIP64 = 45;
const UNIX = 3 << 8;
/** The flag of a member whose name is in UTF-8. */
export const IS_UTF8 = 0x0800;
const FIRST_DAY = (1 << 5) | 1;
const OWNER_ONLY = 0o600 * 2 ** 16;

export const HEADER_SIGNATURE = 0x04034b50;
export const HEADER_BYTES = 30;
export const RECORD_SIGNATURE = 0x02014b50;
export const RECORD_BYTES = 46;
export const END_SIGNATURE = 0x06054b50;
export const END_BYTES = 22;
export const LOCATOR_SIGNATURE = 0x07064b50;
export const LOCATOR_BYTES = 20;
export const END64_SIGNATURE = 0x06064b50;
export const END64_BYTES = 56;

export const ZIP64_FIELD = 0x0001;
/** The value of a 32-bit (16-bit) field that refers to the zip64 record. */
export const SEE_ZIP64 = 0xffffffff;
export const SEE_ZIP64_SHORT = 0xffff;

/** Tells whether a size takes more than 32 bits. */
export const isLong = (byteLength: number): boolean => byteLength >= SEE_ZIP64;

/** The header before the data of a stored member. */
export function localHeader(member: MemberFacts): Uint8Array<ArrayBuffer> {
  const isLarge = member.isLong || isLong(member.byteLength);
  const field = zip64Field(isLarge ? [member.byteLength, member.byteLength] : []);
  const { bytes, view } = newBytes(HEADER_BYTES);
  view.setUint32(0, HEADER_SIGNATURE, true);
  writeShared(view, 4, member, isLarge, isLarge ? SEE_ZIP64 : member.byteLength);
  view.setUint16(28, field.length, true);
  return joinBytes([bytes, member.name, field]);
}

/** The record of a stored member in the directory. */
export function directoryRecord(member: MemberFacts): Uint8Array<ArrayBuffer> {
  const isLarge = isLong(member.byteLength);
  const isFar = isLong(member.headerOffset);
  const field = zip64Field([
    ...(isLarge ? [member.byteLength, member.byteLength] : []),
    ...(isFar ? [member.headerOffset] : []),
  ]);
  const { bytes, view } = newBytes(RECORD_BYTES);
  view.setUint32(0, RECORD_SIGNATURE, true);
  view.setUint16(4, UNIX | (isLarge || isFar ? VERSION_ZIP64 : VERSION), true);
  writeShared(view, 6, member, isLarge || isFar, Math.min(member.byteLength, SEE_ZIP64));
  view.setUint16(30, field.length, true);
  view.setUint32(38, OWNER_ONLY, true);
  view.setUint32(42, isFar ? SEE_ZIP64 : member.headerOffset, true);
  return joinBytes([bytes, member.name, field]);
}

/** Returns the end of an archive, after the directory: the end record, and the zip64 records before it where needed. */
export function endRecords(entryCount: number, byteOffset: number, byteLength: number): Uint8Array<ArrayBuffer> {
  const end = newBytes(END_BYTES);
  end.view.setUint32(0, END_SIGNATURE, true);
  for (const at of [8, 10]) end.view.setUint16(at, Math.min(entryCount, SEE_ZIP64_SHORT), true);
  end.view.setUint32(12, Math.min(byteLength, SEE_ZIP64), true);
  end.view.setUint32(16, Math.min(byteOffset, SEE_ZIP64), true);
  if (entryCount < SEE_ZIP64_SHORT && byteLength < SEE_ZIP64 && byteOffset < SEE_ZIP64) return end.bytes;
  const record = newBytes(END64_BYTES);
  record.view.setUint32(0, END64_SIGNATURE, true);
  record.view.setBigUint64(4, 44n, true);
  record.view.setUint16(12, UNIX | VERSION_ZIP64, true);
  record.view.setUint16(14, VERSION_ZIP64, true);
  for (const at of [24, 32]) record.view.setBigUint64(at, BigInt(entryCount), true);
  record.view.setBigUint64(40, BigInt(byteLength), true);
  record.view.setBigUint64(48, BigInt(byteOffset), true);
  const locator = newBytes(LOCATOR_BYTES);
  locator.view.setUint32(0, LOCATOR_SIGNATURE, true);
  locator.view.setBigUint64(8, BigInt(byteOffset + byteLength), true);
  locator.view.setUint32(16, 1, true);
  return joinBytes([record.bytes, locator.bytes, end.bytes]);
}

/** The fields that both headers have in the same order: from the version needed to the length of the name. */
function writeShared(view: DataView, at: number, member: MemberFacts, isZip64: boolean, size: number): void {
  view.setUint16(at, isZip64 ? VERSION_ZIP64 : VERSION, true);
  view.setUint16(at + 2, member.name.some((byte) => byte > 0x7f) ? IS_UTF8 : 0, true);
  view.setUint16(at + 8, FIRST_DAY, true);
  view.setUint32(at + 10, member.crc32, true);
  for (const place of [at + 14, at + 18]) view.setUint32(place, size, true);
  view.setUint16(at + 22, member.name.length, true);
}

function zip64Field(numbers: readonly number[]): Uint8Array {
  if (numbers.length === 0) return new Uint8Array();
  const { bytes, view } = newBytes(4 + numbers.length * 8);
  view.setUint16(0, ZIP64_FIELD, true);
  view.setUint16(2, numbers.length * 8, true);
  for (const [index, number] of numbers.entries()) view.setBigUint64(4 + index * 8, BigInt(number), true);
  return bytes;
}
