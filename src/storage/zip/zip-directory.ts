import { MAX_ZIP_DIRECTORY_BYTES, MAX_ZIP_MEMBERS } from '../../limits.js';
import { viewOf } from '../new-bytes.js';
import type { FoundFile, OpenFile } from '../storage.js';
import { badZip } from './zip-errors.js';
import {
  END_BYTES,
  END_SIGNATURE,
  END64_BYTES,
  END64_SIGNATURE,
  LOCATOR_BYTES,
  LOCATOR_SIGNATURE,
  SEE_ZIP64,
  SEE_ZIP64_SHORT,
} from './zip-headers.js';

/** Place of an archive's list of members. */
export interface ZipDirectory {
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly entryCount: number;
}

/** Fields of an end record: 32 bits a number, or 64. */
interface EndRecord extends ZipDirectory {
  /** Where the record itself begins; the directory must reach up to it. */
  readonly recordOffset: number;
  readonly isMultiDisk: boolean;
}

const MAX_COMMENT_BYTES = 0xffff;

/**
 * Finds the directory of an archive from its last bytes. The size of the directory is compared with where it lies, the
 * zip64 numbers with the others: readers differ in which of them they believe.
 * @throws RetrofitError `bad-zip`
 */
export async function findZipDirectory(archive: FoundFile, opened: OpenFile): Promise<ZipDirectory> {
  const refuse = (message: string) => badZip(archive, undefined, message);
  const tailOffset = Math.max(0, archive.byteLength - END_BYTES - MAX_COMMENT_BYTES - LOCATOR_BYTES - END64_BYTES);
  const tail = viewOf(await opened.read(tailOffset, archive.byteLength - tailOffset));
  const at = findEnd(tail);
  if (at < 0) throw refuse('no zip archive, or one that was cut short: its end record is missing');
  if (at + END_BYTES + tail.getUint16(at + 20, true) !== tail.byteLength) {
    throw refuse('the end record of the archive is not at the end of the file: bytes follow it, or are missing');
  }
  const end = readEnd(tail, at, tailOffset + at);
  const hasLocator = at >= LOCATOR_BYTES && tail.getUint32(at - LOCATOR_BYTES, true) === LOCATOR_SIGNATURE;
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

/** Finds the last end record that may be whole; -1 where there is none. */
function findEnd(tail: DataView): number {
  for (let at = tail.byteLength - END_BYTES; at >= 0; at -= 1)
    if (tail.getUint32(at, true) === END_SIGNATURE) return at;
  return -1;
}

function readEnd(tail: DataView, at: number, recordOffset: number): EndRecord {
  const entryCount = tail.getUint16(at + 10, true);
  const disks = [tail.getUint16(at + 4, true), tail.getUint16(at + 6, true)];
  return {
    recordOffset,
    entryCount,
    byteLength: tail.getUint32(at + 12, true),
    byteOffset: tail.getUint32(at + 16, true),
    isMultiDisk:
      disks.some((disk) => disk !== 0 && disk !== SEE_ZIP64_SHORT) || tail.getUint16(at + 8, true) !== entryCount,
  };
}

/** The zip64 record before the end record. Both must agree, where the end record holds a number of its own. */
function readZip64(
  tail: DataView,
  end: number,
  tailOffset: number,
  short: EndRecord,
  refuse: (message: string) => Error,
): EndRecord {
  const locator = end - LOCATOR_BYTES;
  const at = locator - END64_BYTES;
  // A record of version 2 is longer and speaks of encryption; Python looks for this one right before the locator too.
  if (
    at < 0 ||
    tail.getBigUint64(locator + 8, true) !== BigInt(tailOffset + at) ||
    tail.getUint32(at, true) !== END64_SIGNATURE ||
    tail.getBigUint64(at + 4, true) !== BigInt(END64_BYTES - 12)
  ) {
    throw refuse('the zip64 end record is damaged or not in its place');
  }
  const numberAt = (offset: number): number => Number(tail.getBigUint64(at + offset, true));
  const long = {
    recordOffset: tailOffset + at,
    entryCount: numberAt(32),
    byteLength: numberAt(40),
    byteOffset: numberAt(48),
  };
  const agrees =
    [long.entryCount, SEE_ZIP64_SHORT].includes(short.entryCount) &&
    [long.byteLength, SEE_ZIP64].includes(short.byteLength) &&
    [long.byteOffset, SEE_ZIP64].includes(short.byteOffset);
  if (!agrees) throw refuse('the zip64 end record contradicts the end record');
  const isMultiDisk =
    short.isMultiDisk ||
    tail.getUint32(locator + 4, true) !== 0 ||
    tail.getUint32(locator + 16, true) !== 1 ||
    tail.getUint32(at + 16, true) !== 0 ||
    tail.getUint32(at + 20, true) !== 0 ||
    numberAt(24) !== long.entryCount;
  return { ...long, isMultiDisk };
}
