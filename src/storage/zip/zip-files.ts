import { CHUNK_BYTES } from '../../limits.js';
import { crc32ByTable } from '../crc32.js';
import { type Files, sizeOf } from '../memory.js';
import { directoryRecord, endRecords, localHeader, type MemberFacts } from './zip-headers.js';

/** A zip archive of files, stored uncompressed, as one download. The same files make the same bytes. */
export async function zipFiles(files: Files): Promise<Blob> {
  const parts: (Blob | Uint8Array<ArrayBuffer>)[] = [];
  const members: MemberFacts[] = [];
  let headerOffset = 0;
  for (const [name, content] of files) {
    const blob = content instanceof Blob ? content : new Blob([new Uint8Array(content)]);
    const member = {
      name: new TextEncoder().encode(name),
      byteLength: sizeOf(content),
      crc32: await checksum(blob),
      headerOffset,
    };
    const header = localHeader(member);
    parts.push(header, blob);
    members.push(member);
    headerOffset += header.length + member.byteLength;
  }
  const directory = members.map(directoryRecord);
  const byteLength = directory.reduce((sum, record) => sum + record.length, 0);
  return new Blob([...parts, ...directory, endRecords(members.length, headerOffset, byteLength)], {
    type: 'application/zip',
  });
}

async function checksum(blob: Blob): Promise<number> {
  let crc = 0;
  for (let start = 0; start < blob.size; start += CHUNK_BYTES) {
    crc = crc32ByTable(new Uint8Array(await blob.slice(start, start + CHUNK_BYTES).arrayBuffer()), crc);
  }
  return crc;
}
