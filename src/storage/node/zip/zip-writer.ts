import { type FileHandle, open, rm } from 'node:fs/promises';
import type { NewZipMember } from '../../zip.js';
import { directoryRecord, endRecords, LOCAL_CRC_OFFSET, localHeader, type MemberFacts } from '../../zip-headers.js';
import { crc32 } from '../crc32.js';
import { fileChunks } from '../file-chunks.js';
import { closeRead } from '../open-file.js';
import { isInterrupted } from '../staging/unfinished.js';
import { writeBytes } from '../write-bytes.js';

/**
 * Writes a new archive of stored members, in one pass over their bytes: a checksum goes into its header afterwards.
 * Not with yazl: its checksum in JavaScript and its chain of streams take six times as long for 100 MB (400 ms, not 68),
 * and it puts the checksum behind the data, which Keras does not.
 * @param pathOfStaged where a staged file lies; it is removed once it is in the archive
 */
export async function writeZip(
  path: string,
  members: readonly NewZipMember[],
  pathOfStaged: (name: string) => string,
): Promise<void> {
  const archive = await open(path, 'wx');
  try {
    const written: MemberFacts[] = [];
    let end = 0;
    for (const member of members) {
      if (isInterrupted()) return;
      const { facts, endOffset } =
        'staged' in member
          ? await writeStaged(archive, member.name, pathOfStaged(member.staged), end)
          : await writeMember(archive, member.name, member.chunks, member.byteLength, end);
      written.push(facts);
      end = endOffset;
    }
    const directory = Buffer.concat(written.map(directoryRecord));
    await writeBytes(archive, Buffer.concat([directory, endRecords(written.length, end, directory.length)]), end);
  } finally {
    await archive.close();
  }
}

async function writeStaged(archive: FileHandle, name: string, path: string, headerOffset: number): Promise<Written> {
  const file = await open(path, 'r');
  let written: Written;
  try {
    const { size } = await file.stat();
    written = await writeMember(archive, name, fileChunks(file, 0, size), size, headerOffset);
  } finally {
    await closeRead(file);
  }
  await rm(path);
  return written;
}

interface Written {
  readonly facts: MemberFacts;
  readonly endOffset: number;
}

async function writeMember(
  archive: FileHandle,
  name: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  byteLength: number,
  headerOffset: number,
): Promise<Written> {
  const facts = { name: Buffer.from(name), byteLength, headerOffset };
  const dataOffset = await writeBytes(archive, localHeader({ ...facts, crc32: 0 }), headerOffset);
  let endOffset = dataOffset;
  let crc = 0;
  for await (const chunk of chunks) {
    if (isInterrupted()) break;
    const writing = writeBytes(archive, chunk, endOffset);
    crc = crc32(chunk, crc);
    endOffset = await writing;
  }
  if (endOffset - dataOffset !== byteLength && !isInterrupted()) {
    throw new Error(`${name} has ${endOffset - dataOffset} bytes, not the ${byteLength} that its header says`);
  }
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc);
  await writeBytes(archive, checksum, headerOffset + LOCAL_CRC_OFFSET);
  return { facts: { ...facts, crc32: crc }, endOffset };
}
