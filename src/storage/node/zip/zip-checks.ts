import type { Entry, ExtraField, LocalFileHeader } from 'yauzl';
import { MAX_INFLATED_BYTES, MAX_ZIP_RATIO, SMALL_MEMBER_BYTES } from '../../../limits.js';
import { SEE_ZIP64 } from '../../zip-headers.js';

/** Compression methods: none, and the one that every zip tool uses. */
export const STORED = 0;
export const DEFLATED = 8;

// Bits of a member's flags.
const IS_ENCRYPTED = 0x2041;
const HAS_DESCRIPTOR = 0x0008;
/** Hints on how it was deflated, sizes behind the data, a name in UTF-8: nothing else is read. */
const KNOWN_FLAGS = 0x080e;

/** Version 6.3 of the format: Python's zipfile reads no later ones. */
const LATEST_VERSION = 63;

const ZIP64_FIELD = 0x0001;

const DESCRIPTOR_SIGNATURE = 0x08074b50;

/** The sizes and the place that a directory record gives in 32 bits, before zip64 fields replace them. */
export interface RecordFacts {
  readonly byteLength: number;
  readonly packedLength: number;
  readonly headerOffset: number;
  readonly disk: number;
}

/** Reads what yauzl replaces or leaves out of a record of the directory. */
export const readRecordFacts = (record: Buffer): RecordFacts => ({
  packedLength: record.readUInt32LE(20),
  byteLength: record.readUInt32LE(24),
  disk: record.readUInt16LE(34),
  headerOffset: record.readUInt32LE(42),
});

/** Why a member cannot be read, by what the directory says of it; undefined where it can. */
export function findBadRecord(entry: Entry, record: RecordFacts, isFolder: boolean): string | undefined {
  const { uncompressedSize, compressedSize, compressionMethod, generalPurposeBitFlag } = entry;
  if (generalPurposeBitFlag & IS_ENCRYPTED) return 'the member is encrypted';
  if (generalPurposeBitFlag & ~KNOWN_FLAGS) {
    return `the member has flags that are not read here: 0x${generalPurposeBitFlag.toString(16)}`;
  }
  const version = entry.versionNeededToExtract & 0xff;
  if (version > LATEST_VERSION) return `the member is of version ${version / 10} of the zip format, which is not known`;
  if (record.disk !== 0) return 'the member lies in another part of the archive';
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
    return `the member is compressed by method ${compressionMethod}; only deflate (8) and none (0) are read`;
  }
  const zip64 = findBadZip64(entry, record);
  if (zip64 !== undefined) return zip64;
  if (isFolder && uncompressedSize !== 0) return 'a folder that holds bytes';
  if (compressionMethod === STORED) {
    if (compressedSize === uncompressedSize) return undefined;
    return `the member is not compressed, yet takes ${compressedSize} bytes for ${uncompressedSize}`;
  }
  if (uncompressedSize > MAX_INFLATED_BYTES) {
    return `the member would unpack to ${uncompressedSize} bytes; at most ${MAX_INFLATED_BYTES} are unpacked`;
  }
  if (uncompressedSize > SMALL_MEMBER_BYTES && uncompressedSize > MAX_ZIP_RATIO * compressedSize) {
    return `${compressedSize} bytes would unpack to ${uncompressedSize}, more than ${MAX_ZIP_RATIO} times as many`;
  }
  return undefined;
}

/** Readers take numbers from the zip64 field where the record says so, or wherever they find one: both must agree. */
function findBadZip64(entry: Entry, record: RecordFacts): string | undefined {
  const short = [record.byteLength, record.packedLength, record.headerOffset];
  const long = [entry.uncompressedSize, entry.compressedSize, entry.relativeOffsetOfLocalHeader];
  const needed = long.filter((_, index) => short[index] === SEE_ZIP64);
  const fields = entry.extraFields.filter(({ id }) => id === ZIP64_FIELD);
  if (fields.length > 1) return 'the member has two zip64 fields';
  const found = fields.flatMap(({ data }) => readNumbers(data));
  if (isSame(found, needed) || isSame(found, long)) return undefined;
  return 'the zip64 field of the member is missing, damaged or contradicts its record';
}

/** Why the header before a member's data is not what the directory says; undefined where it is. */
export function findBadHeader(
  entry: Entry,
  header: LocalFileHeader,
  extraFields: readonly ExtraField[],
): string | undefined {
  const differs = (what: string) => `the member has one ${what} in the directory, another before its data`;
  if (!header.fileName.equals(entry.fileNameRaw)) return differs('name');
  if (header.generalPurposeBitFlag !== entry.generalPurposeBitFlag) return differs('set of flags');
  if (header.compressionMethod !== entry.compressionMethod) return differs('compression method');
  const short = [header.uncompressedSize, header.compressedSize];
  const numbers = extraFields.filter(({ id }) => id === ZIP64_FIELD).flatMap(({ data }) => readNumbers(data));
  const [byteLength, packedLength] = short.map((size) => (size === SEE_ZIP64 ? numbers.shift() : size));
  // Who writes into a pipe knows the size and the checksum only afterwards.
  const isAsSaid = (value: number | undefined, said: number) => value === said || (hasDescriptor(entry) && value === 0);
  if (!isAsSaid(byteLength, entry.uncompressedSize) || !isAsSaid(packedLength, entry.compressedSize)) {
    return differs('size');
  }
  return isAsSaid(header.crc32, entry.crc32) ? undefined : differs('checksum');
}

/** Whether size and checksum are given behind a member's data. */
export const hasDescriptor = (entry: Entry): boolean => (entry.generalPurposeBitFlag & HAS_DESCRIPTOR) !== 0;

/** Lengths that a descriptor may have: with or without a signature, numbers of 32 or 64 bits. */
export const DESCRIPTOR_BYTES: readonly number[] = [12, 16, 20, 24];

/** Whether the bytes behind a member's data say what the directory says. */
export function isDescriptorOf(entry: Entry, bytes: Buffer): boolean {
  const sizes = [entry.compressedSize, entry.uncompressedSize];
  const isLong = bytes.length >= 20;
  if (!isLong && sizes.some((size) => size > SEE_ZIP64)) return false;
  const isSigned = bytes.length % 8 === 0;
  const expected = Buffer.alloc(bytes.length);
  let at = isSigned ? expected.writeUInt32LE(DESCRIPTOR_SIGNATURE) : 0;
  at = expected.writeUInt32LE(entry.crc32, at);
  for (const size of sizes) {
    at = isLong ? expected.writeBigUInt64LE(BigInt(size), at) : expected.writeUInt32LE(size, at);
  }
  return expected.equals(bytes);
}

/** The 64-bit numbers of a zip64 field; one that ends in the middle of a number has none that fits. */
function readNumbers(data: Buffer): number[] {
  const numbers = Array.from({ length: Math.floor(data.length / 8) }, (_, index) =>
    Number(data.readBigUInt64LE(index * 8)),
  );
  return data.length % 8 === 0 ? numbers : [...numbers, Number.NaN];
}

const isSame = (before: readonly number[], after: readonly number[]): boolean =>
  before.length === after.length && before.every((value, index) => value === after[index]);
