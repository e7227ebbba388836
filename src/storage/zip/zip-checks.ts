import { MAX_INFLATED_BYTES, MAX_ZIP_RATIO, SMALL_MEMBER_BYTES } from '../../limits.js';
import { isSame } from '../compare-bytes.js';
import { newBytes } from '../new-bytes.js';
import { SEE_ZIP64, ZIP64_FIELD } from './zip-headers.js';
import { type LocalHeader, type RecordNumbers, readLongNumbers, type ZipRecord } from './zip-record.js';

/** Compression methods: none, and the one that every zip tool uses. */
export const STORED = 0;
export const DEFLATED = 8;

// Bits of a member's flags.
const IS_ENCRYPTED = 0x2001;
const HAS_STRONG_ENCRYPTION = 0x0040;
const HAS_DESCRIPTOR = 0x0008;
/** Hints on how it was deflated, sizes behind the data, a name in UTF-8: nothing else is read. */
const KNOWN_FLAGS = 0x080e;

/** Version 6.3 of the format: Python's zipfile reads no later ones. */
const LATEST_VERSION = 63;

const DESCRIPTOR_SIGNATURE = 0x08074b50;

/** Returns why a member cannot be read, by its record in the directory; undefined where it can. */
export function findBadRecord(record: ZipRecord, isFolder: boolean): string | undefined {
  const { byteLength, packedLength, method, flags } = record;
  if (flags & HAS_STRONG_ENCRYPTION) return 'the member has strong encryption';
  if (flags & IS_ENCRYPTED) return 'the member is encrypted';
  if (flags & ~KNOWN_FLAGS) return `the member has flags that are not read here: 0x${flags.toString(16)}`;
  const version = record.version & 0xff;
  if (version > LATEST_VERSION) return `the member is of version ${version / 10} of the zip format, which is not known`;
  if (record.disk !== 0) return 'the member lies in another part of the archive';
  if (method !== STORED && method !== DEFLATED) {
    return `the member is compressed by method ${method}; only deflate (8) and none (0) are read`;
  }
  const zip64 = findBadZip64(record);
  if (zip64 !== undefined) return zip64;
  if (isFolder && byteLength !== 0) return 'a folder that holds bytes';
  if (method === STORED) {
    if (packedLength === byteLength) return undefined;
    return `the member is not compressed, yet takes ${packedLength} bytes for ${byteLength}`;
  }
  if (byteLength > MAX_INFLATED_BYTES) {
    return `the member would unpack to ${byteLength} bytes; at most ${MAX_INFLATED_BYTES} are unpacked`;
  }
  if (byteLength > SMALL_MEMBER_BYTES && byteLength > MAX_ZIP_RATIO * packedLength) {
    return `${packedLength} bytes would unpack to ${byteLength}, more than ${MAX_ZIP_RATIO} times as many`;
  }
  return undefined;
}

/** Readers take numbers from the zip64 field where the record says so, or wherever they find one: both must agree. */
function findBadZip64(record: ZipRecord): string | undefined {
  const listed = (numbers: RecordNumbers) => [numbers.byteLength, numbers.packedLength, numbers.headerOffset];
  const short = listed(record.short);
  const long = listed(record);
  const needed = long.filter((_, index) => short[index] === SEE_ZIP64);
  const fields = record.extraFields.filter(({ id }) => id === ZIP64_FIELD);
  if (fields.length > 1) return 'the member has two zip64 fields';
  const found = fields.flatMap(({ data }) => readNumbers(data));
  if (isSameList(found, needed) || isSameList(found, long)) return undefined;
  return 'the zip64 field of the member is missing, damaged or contradicts its record';
}

/** Returns how the header before a member's data differs from the directory; undefined where it does not. */
export function findBadHeader(record: ZipRecord, header: LocalHeader): string | undefined {
  const differs = (what: string) => `the member has one ${what} in the directory, another before its data`;
  if (!isSame(header.name, record.name)) return differs('name');
  if (header.flags !== record.flags) return differs('set of flags');
  if (header.method !== record.method) return differs('compression method');
  const short = [header.byteLength, header.packedLength];
  const numbers = header.extraFields.filter(({ id }) => id === ZIP64_FIELD).flatMap(({ data }) => readNumbers(data));
  const [byteLength, packedLength] = short.map((size) => (size === SEE_ZIP64 ? numbers.shift() : size));
  // Who writes into a pipe knows the size and the checksum only afterwards.
  const isAsSaid = (value: number | undefined, said: number) =>
    value === said || (hasDescriptor(record) && value === 0);
  if (!isAsSaid(byteLength, record.byteLength) || !isAsSaid(packedLength, record.packedLength)) return differs('size');
  return isAsSaid(header.crc32, record.crc32) ? undefined : differs('checksum');
}

/** Tells whether size and checksum are given behind a member's data. */
export const hasDescriptor = ({ flags }: ZipRecord): boolean => (flags & HAS_DESCRIPTOR) !== 0;

/** Lengths that a descriptor may have: with or without a signature, numbers of 32 or 64 bits. */
export const DESCRIPTOR_BYTES: readonly number[] = [12, 16, 20, 24];

/** Tells whether the bytes behind a member's data agree with the directory. */
export function isDescriptorOf({ crc32, packedLength, byteLength }: ZipRecord, bytes: Uint8Array): boolean {
  const sizes = [packedLength, byteLength];
  const hasLongSizes = bytes.length >= 20;
  if (!hasLongSizes && sizes.some((size) => size > SEE_ZIP64)) return false;
  const isSigned = bytes.length % 8 === 0;
  const { bytes: expected, view } = newBytes(bytes.length);
  if (isSigned) view.setUint32(0, DESCRIPTOR_SIGNATURE, true);
  const start = isSigned ? 4 : 0;
  view.setUint32(start, crc32, true);
  for (const [index, size] of sizes.entries()) {
    if (hasLongSizes) view.setBigUint64(start + 4 + 8 * index, BigInt(size), true);
    else view.setUint32(start + 4 + 4 * index, size, true);
  }
  return isSame(expected, bytes);
}

/** The 64-bit numbers of a zip64 field; one that ends in the middle of a number has none that fits. */
const readNumbers = (data: Uint8Array): number[] =>
  data.length % 8 === 0 ? readLongNumbers(data) : [...readLongNumbers(data), Number.NaN];

const isSameList = (before: readonly number[], after: readonly number[]): boolean =>
  before.length === after.length && before.every((value, index) => value === after[index]);
