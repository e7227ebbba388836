import { type Content, checksumOf, type Files, sizeOf } from '../memory/content.js';
import { directoryRecord, endRecords, localHeader, type MemberFacts } from './zip-headers.js';

/** A zip archive of files, stored uncompressed, as one download. The same files make the same bytes. */
export const zipFiles = (files: Files): Promise<Blob> =>
  zipMembers([...files].map(([name, content]) => ({ name, content })));

interface StoredMember extends Pick<MemberFacts, 'isLong'> {
  readonly name: string;
  readonly content: Content;
}

/** The same for members that may state their sizes in 64 bits. */
export async function zipMembers(given: Iterable<StoredMember>): Promise<Blob> {
  const parts: Content[] = [];
  const members: MemberFacts[] = [];
  let headerOffset = 0;
  for (const { name, content, isLong } of given) {
    const byteLength = sizeOf(content);
    const crc32 = await checksumOf({ path: name }, content);
    const member = { name: new TextEncoder().encode(name), byteLength, crc32, headerOffset, isLong: isLong ?? false };
    const header = localHeader(member);
    parts.push(header, content);
    members.push(member);
    headerOffset += header.length + byteLength;
  }
  const directory = members.map(directoryRecord);
  const byteLength = directory.reduce((sum, record) => sum + record.length, 0);
  const all = [...parts, ...directory, endRecords(members.length, headerOffset, byteLength)];
  return new Blob(all as Blob[], { type: 'application/zip' });
}
