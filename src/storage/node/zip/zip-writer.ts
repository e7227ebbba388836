import { type FileHandle, open } from 'node:fs/promises';
import type { NewZipMember } from '../../storage.js';
import { directoryRecord, endRecords, isLong, localHeader, type MemberFacts } from '../../zip/zip-headers.js';
import { crc32 } from '../crc32.js';
import { fileChunks } from '../file-chunks.js';
import type { WritePlace } from '../file-window.js';
import { makeRunningChecksum } from '../running-checksum.js';
import { isInterrupted } from '../unfinished.js';
import { writeBytes } from '../write-bytes.js';

/** Builds a file from a place in the archive to its end. */
export type StageMember = (
  name: string,
  build: (name: string) => Promise<void>,
  place: Required<Pick<WritePlace, 'byteOffset' | 'checksum'>>,
) => Promise<void>;

/**
 * Writes a new archive of stored members: sizes and checksums go into their headers afterwards. Pending files are built
 * in their final place, with the checksum of the bytes copied there. Not with yazl: its checksum in JavaScript and its
 * chain of streams take six times as long for 100 MB (400 ms, not 68), and it puts the checksum behind the data, which
 * Keras does not.
 */
export async function writeZip(
  path: string,
  members: readonly NewZipMember[],
  buildMember: StageMember,
): Promise<void> {
  const archive = await open(path, 'wx+');
  try {
    const written: MemberFacts[] = [];
    let end = 0;
    for (const member of members) {
      const facts = await writeMember(archive, member, end, buildMember);
      if (isInterrupted()) return;
      written.push(facts);
      end += localHeader(facts).length + facts.byteLength;
    }
    const directory = Buffer.concat(written.map(directoryRecord));
    await writeBytes(archive, Buffer.concat([directory, endRecords(written.length, end, directory.length)]), end);
  } finally {
    await archive.close();
  }
}

async function writeMember(
  archive: FileHandle,
  member: NewZipMember,
  headerOffset: number,
  buildMember: StageMember,
): Promise<MemberFacts> {
  const name = Buffer.from(member.name);
  const isMemberLong = isLong('build' in member ? member.byteLimit : member.byteLength);
  const unfinished = { name, headerOffset, isLong: isMemberLong, byteLength: 0, crc32: 0 };
  const byteOffset = await writeBytes(archive, localHeader(unfinished), headerOffset);
  const content =
    'build' in member
      ? await buildContent(archive, member, byteOffset, buildMember)
      : await writeContent(archive, member, byteOffset);
  const facts = { ...unfinished, ...content };
  if (!isMemberLong && isLong(facts.byteLength)) throw new Error(`${member.name} is longer than its limit`);
  await writeBytes(archive, localHeader(facts), headerOffset);
  return facts;
}

type Content = Pick<MemberFacts, 'byteLength' | 'crc32'>;

async function writeContent(
  archive: FileHandle,
  { name, chunks, byteLength }: Extract<NewZipMember, { chunks: unknown }>,
  byteOffset: number,
): Promise<Content> {
  let end = byteOffset;
  let crc = 0;
  for await (const chunk of chunks) {
    if (isInterrupted()) break;
    const writing = writeBytes(archive, chunk, end);
    crc = crc32(chunk, crc);
    end = await writing;
  }
  if (end - byteOffset !== byteLength && !isInterrupted()) {
    throw new Error(`${name} has ${end - byteOffset} bytes, not the ${byteLength} that its header says`);
  }
  return { byteLength, crc32: crc };
}

async function buildContent(
  archive: FileHandle,
  { name, build }: Extract<NewZipMember, { build: unknown }>,
  byteOffset: number,
  buildMember: StageMember,
): Promise<Content> {
  const checksum = makeRunningChecksum();
  await buildMember(name, build, { byteOffset, checksum });
  if (isInterrupted()) return { byteLength: 0, crc32: 0 };
  const byteLength = (await archive.stat()).size - byteOffset;
  let crc = checksum.crc32;
  const known = checksum.byteLength;
  for await (const chunk of fileChunks(archive, byteOffset + known, byteLength - known)) crc = crc32(chunk, crc);
  return { byteLength, crc32: crc };
}
