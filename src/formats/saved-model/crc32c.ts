import { crcTable } from '../../storage/crc32.js';
import { foldWords } from './fold-words.js';

/** Bytes at a time, each with a table of its own. */
const STEP = 16;
const TABLES = makeTables();
const NONE = new Int32Array();

/** One behind the other: that of the last of the bytes first. */
function makeTables(): Int32Array {
  const tables = new Int32Array(256 * STEP);
  tables.set(crcTable(0x82f63b78));
  for (let index = 256; index < tables.length; index++) {
    const value = tables[index - 256]!;
    tables[index] = tables[value & 0xff]! ^ (value >>> 8);
  }
  return tables;
}

/** The checksum of TensorFlow's checkpoints (Castagnoli's); `before` is that of the bytes that went before. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const folded = foldWords(bytes, ~before);
  return ~(folded === undefined ? byTables(~before, bytes) : byTables(0, folded)) >>> 0;
}

function byTables(before: number, bytes: Uint8Array): number {
  const lead = Math.min(bytes.length, -bytes.byteOffset & 3);
  const count = Math.floor((bytes.length - lead) / STEP);
  let crc = byByte(before, bytes, 0, lead);
  // Of a few bytes none may be aligned, which a view would refuse.
  const words = count === 0 ? NONE : new Int32Array(bytes.buffer, bytes.byteOffset + lead, count * 4);
  for (let at = 0; at < words.length; at += 4) {
    const a = words[at]! ^ crc;
    const b = words[at + 1]!;
    const c = words[at + 2]!;
    const d = words[at + 3]!;
    crc =
      TABLES[3840 + (a & 0xff)]! ^
      TABLES[3584 + ((a >>> 8) & 0xff)]! ^
      TABLES[3328 + ((a >>> 16) & 0xff)]! ^
      TABLES[3072 + (a >>> 24)]! ^
      TABLES[2816 + (b & 0xff)]! ^
      TABLES[2560 + ((b >>> 8) & 0xff)]! ^
      TABLES[2304 + ((b >>> 16) & 0xff)]! ^
      TABLES[2048 + (b >>> 24)]! ^
      TABLES[1792 + (c & 0xff)]! ^
      TABLES[1536 + ((c >>> 8) & 0xff)]! ^
      TABLES[1280 + ((c >>> 16) & 0xff)]! ^
      TABLES[1024 + (c >>> 24)]! ^
      TABLES[768 + (d & 0xff)]! ^
      TABLES[512 + ((d >>> 8) & 0xff)]! ^
      TABLES[256 + ((d >>> 16) & 0xff)]! ^
      TABLES[d >>> 24]!;
  }
  return byByte(crc, bytes, lead + count * STEP, bytes.length);
}

function byByte(before: number, bytes: Uint8Array, start: number, end: number): number {
  let crc = before;
  for (let at = start; at < end; at++) crc = TABLES[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return crc;
}

/** Masks a checksum as it is stored: a checksum of bytes that hold checksums would be weak otherwise. */
export const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
