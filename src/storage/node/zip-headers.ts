/** A member as its headers tell of it. */
export interface MemberFacts {
  readonly name: Buffer;
  readonly byteLength: number;
  readonly crc32: number;
  /** Where its local header begins. */
  readonly headerOffset: number;
}

// The same bytes as Python's zipfile writes for Keras, whatever the time, the time zone or the user: stored, from Unix,
// of 1980-01-01, read and written by the owner.
const VERSION = 20;
const VERSION_ZIP64 = 45;
const UNIX = 3 << 8;
const IS_UTF8 = 0x0800;
const FIRST_DAY = (1 << 5) | 1;
const OWNER_ONLY = 0o600 * 2 ** 16;

const ZIP64_FIELD = 0x0001;
const SEE_ZIP64 = 0xffffffff;
const SEE_ZIP64_SHORT = 0xffff;

/** Where the checksum stands in a local header; it is known only when the data is written. */
export const LOCAL_CRC_OFFSET = 14;

/** The header before the data of a stored member. */
export function localHeader(member: MemberFacts): Buffer {
  const isLarge = member.byteLength >= SEE_ZIP64;
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  writeShared(header, 4, member, isLarge);
  const field = zip64Field(isLarge ? [member.byteLength, member.byteLength] : []);
  header.writeUInt16LE(field.length, 28);
  return Buffer.concat([header, member.name, field]);
}

/** The record of a stored member in the directory. */
export function directoryRecord(member: MemberFacts): Buffer {
  const isLarge = member.byteLength >= SEE_ZIP64;
  const isFar = member.headerOffset >= SEE_ZIP64;
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(UNIX | (isLarge || isFar ? VERSION_ZIP64 : VERSION), 4);
  writeShared(record, 6, member, isLarge || isFar);
  const field = zip64Field([
    ...(isLarge ? [member.byteLength, member.byteLength] : []),
    ...(isFar ? [member.headerOffset] : []),
  ]);
  record.writeUInt16LE(field.length, 30);
  record.writeUInt32LE(OWNER_ONLY, 38);
  record.writeUInt32LE(isFar ? SEE_ZIP64 : member.headerOffset, 42);
  return Buffer.concat([record, member.name, field]);
}

/** What follows the directory: the end record, and the zip64 records before it where they are needed. */
export function endRecords(entryCount: number, byteOffset: number, byteLength: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  for (const at of [8, 10]) end.writeUInt16LE(Math.min(entryCount, SEE_ZIP64_SHORT), at);
  end.writeUInt32LE(Math.min(byteLength, SEE_ZIP64), 12);
  end.writeUInt32LE(Math.min(byteOffset, SEE_ZIP64), 16);
  if (entryCount < SEE_ZIP64_SHORT && byteLength < SEE_ZIP64 && byteOffset < SEE_ZIP64) return end;
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(UNIX | VERSION_ZIP64, 12);
  record.writeUInt16LE(VERSION_ZIP64, 14);
  for (const at of [24, 32]) record.writeBigUInt64LE(BigInt(entryCount), at);
  record.writeBigUInt64LE(BigInt(byteLength), 40);
  record.writeBigUInt64LE(BigInt(byteOffset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(byteOffset + byteLength), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator, end]);
}

/** The fields that both headers have in the same order: from the version needed to the length of the name. */
function writeShared(header: Buffer, at: number, member: MemberFacts, isZip64: boolean): void {
  header.writeUInt16LE(isZip64 ? VERSION_ZIP64 : VERSION, at);
  header.writeUInt16LE(member.name.some((byte) => byte > 0x7f) ? IS_UTF8 : 0, at + 2);
  header.writeUInt16LE(FIRST_DAY, at + 8);
  header.writeUInt32LE(member.crc32, at + 10);
  for (const size of [at + 14, at + 18]) header.writeUInt32LE(Math.min(member.byteLength, SEE_ZIP64), size);
  header.writeUInt16LE(member.name.length, at + 22);
}

function zip64Field(numbers: readonly number[]): Buffer {
  if (numbers.length === 0) return Buffer.alloc(0);
  const field = Buffer.alloc(4 + numbers.length * 8);
  field.writeUInt16LE(ZIP64_FIELD, 0);
  field.writeUInt16LE(numbers.length * 8, 2);
  for (const [index, number] of numbers.entries()) field.writeBigUInt64LE(BigInt(number), 4 + index * 8);
  return field;
}
