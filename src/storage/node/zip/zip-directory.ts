import { MAX_ZIP_DIRECTORY_BYTES, MAX_ZIP_MEMBERS } from '../../../limits.js';
import type { FoundFile, OpenFile } from '../../storage.js';
import {
  END_BYTES,
  END64_BYTES,
  END64_SIGNATURE,
  LOCATOR_BYTES,
  LOCATOR_SIGNATURE,
  SEE_ZIP64,
  SEE_ZIP64_SHORT,
} from '../../zip-headers.js';
import { badZip } from './zip-errors.js';

/** Where the list of members lies in an archive. */
export interface ZipDirectory {
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly entryCount: number;
}

/** What an end record says: 32 bits a number, or 64. */
interface EndRecord extends ZipDirectory {
  /** Where the record itself begins; the directory must reach up to it. */
  readonly recordOffset: number;
  readonly isMultiDisk: boolean;
}

const MAX_COMMENT_BYTES = 0xffff;

/**
 * Finds the directory of an archive from its last bytes. yauzl reads the same record, but neither compares the size of
 * the directory with where it lies nor the zip64 numbers with the others, and readers differ in which of them they believe.
 * @throws RetrofitError `bad-zip`
 */
export async function findZipDirectory(archive: FoundFile, opened: OpenFile): Promise<ZipDirectory> {
  const refuse = (message: string) => badZip(archive, undefined, message);
  const tailOffset = Math.max(0, archive.byteLength - END_BYTES - MAX_COMMENT_BYTES - LOCATOR_BYTES - END64_BYTES);
  const tail = Buffer.from((await opened.read(tailOffset, archive.byteLength - tailOffset)).buffer);
  const at = tail.length < END_BYTES ? -1 : tail.lastIndexOf('PK\x05\x06', tail.length - END_BYTES, 'latin1');
  if (at < 0) throw refuse('no zip archive, or one that was cut short: its end record is missing');
  if (at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length) {
    throw refuse('the end record of the archive is not at the end of the file: bytes follow it, or are missing');
  }
  const end = readEnd(tail.subarray(at), tailOffset + at);
  const hasLocator = at >= LOCATOR_BYTES && tail.readUInt32LE(at - LOCATOR_BYTES) === LOCATOR_SIGNATURE;
  const directory = hasLocator ? readZip64(tail, at, tailOffset, end, refuse) : end;
  if (directory.isMultiDisk) throw refuse('the archive is one part of several');
  if (directory.byteOffset + directory.byteLength !== directory.recordOffset) {
    throw refuse('the directory of the archive is not where its end record says: bytes were added or removed');
  }
  if (directory.entryCount > MAX_ZIP_MEMBERS) {
    throw refuse(`the archive has ${directory.entryCount} members; at most ${MAX_ZIP_MEMBERS} are read`);
  }
  if (directory.byteLength > MAX_ZIP_DIRECTORY_BYTES) {
    throw refuse(
      `the directory of the archive takes ${directory.byteLength} bytes; at most ${MAX_ZIP_DIRECTORY_BYTES} are read`,
    );
  }
  return directory;
}

function readEnd(record: Buffer, recordOffset: number): EndRecord {
  const entryCount = record.readUInt16LE(10);
  const disks = [record.readUInt16LE(4), record.readUInt16LE(6)];
  return {
    recordOffset,
    entryCount,
    byteLength: record.readUInt32LE(12),
    byteOffset: record.readUInt32LE(16),
    isMultiDisk: disks.some((disk) => disk !== 0 && disk !== SEE_ZIP64_SHORT) || record.readUInt16LE(8) !== entryCount,
  };
}

/** The zip64 record before the end record. It must say what the end record says, where that says anything. */
function readZip64(
  tail: Buffer,
  end: number,
  tailOffset: number,
  short: EndRecord,
  refuse: (message: string) => Error,
): EndRecord {
  const locator = tail.subarray(end - LOCATOR_BYTES, end);
  const at = end - LOCATOR_BYTES - END64_BYTES;
  // A record of version 2 is longer and speaks of encryption; Python looks for this one right before the locator too.
  if (
    at < 0 ||
    locator.readBigUInt64LE(8) !== BigInt(tailOffset + at) ||
    tail.readUInt32LE(at) !== END64_SIGNATURE ||
    tail.readBigUInt64LE(at + 4) !== BigInt(END64_BYTES - 12)
  ) {
    throw refuse('the zip64 end record is damaged or not in its place');
  }
  const record = tail.subarray(at);
  const long = {
    recordOffset: tailOffset + at,
    entryCount: Number(record.readBigUInt64LE(32)),
    byteLength: Number(record.readBigUInt64LE(40)),
    byteOffset: Number(record.readBigUInt64LE(48)),
  };
  const agrees =
    [long.entryCount, SEE_ZIP64_SHORT].includes(short.entryCount) &&
    [long.byteLength, SEE_ZIP64].includes(short.byteLength) &&
    [long.byteOffset, SEE_ZIP64].includes(short.byteOffset);
  if (!agrees) throw refuse('the zip64 end record contradicts the end record');
  const isMultiDisk =
    short.isMultiDisk ||
    locator.readUInt32LE(4) !== 0 ||
    locator.readUInt32LE(16) !== 1 ||
    record.readUInt32LE(16) !== 0 ||
    record.readUInt32LE(20) !== 0 ||
    Number(record.readBigUInt64LE(24)) !== long.entryCount;
  return { ...long, isMultiDisk };
}
