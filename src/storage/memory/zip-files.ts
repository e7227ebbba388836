import { usageError } from '../../errors.js';
import { directoryRecord, endRecords, localHeader, type MemberFacts } from '../zip/zip-headers.js';
import { findUnsafeName } from '../zip/zip-names.js';
import { type Content, checksumOf, type Files, sizeOf } from './content.js';

/**
 * A zip archive of files, stored uncompressed, as one download. The same files make the same bytes.
 * @throws RetrofitError `bad-path` for a name that leads out of a folder, is no plain path, or stands twice
 */
export async function zipFiles(files: Files): Promise<Blob> {
  const seen = new Set<string>();
  const members = [...files].map(([name, content]) => {
    const unsafe = findUnsafeName(name, new TextEncoder().encode(name));
    const problem = unsafe ?? (seen.has(name) ? 'two members of one name' : undefined);
    if (problem !== undefined)
      throw usageError('bad-path', `the archive would hold ${problem}`, {
        where: { file: name },
        hint: 'give each file another path, from the root of the archive and without ..',
      });
    seen.add(name);
    return { name, content };
  });
  return zipMembers(members);
}

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
