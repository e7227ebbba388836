import { pipeline, Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { RetrofitError } from '../../../errors.js';
import { CHUNK_BYTES } from '../../../limits.js';
import type { FoundFile, OpenFile } from '../../storage.js';
import { crc32 } from '../crc32.js';
import { STORED } from './zip-checks.js';
import { badZip } from './zip-errors.js';

/** A member as it lies in the archive. */
export interface PackedMember {
  readonly name: string;
  readonly method: number;
  readonly crc32: number;
  readonly byteOffset: number;
  readonly packedLength: number;
  readonly byteLength: number;
}

/**
 * A member's bytes, unpacked where they are packed. Never more than it declares; whether they are the right ones is known
 * at the end.
 * @throws RetrofitError `bad-zip`
 */
export async function* unpackMember(
  archive: FoundFile,
  member: PackedMember,
  open: (file: FoundFile) => Promise<OpenFile>,
): AsyncGenerator<Uint8Array> {
  const refuse = (message: string) => badZip(archive, member.name, message);
  const opened = await open(archive);
  let done = 0;
  let crc = 0;
  try {
    const packed = readRange(opened, member.byteOffset, member.packedLength);
    for await (const chunk of member.method === STORED ? packed : inflate(packed, member.packedLength, refuse)) {
      done += chunk.byteLength;
      if (done > member.byteLength)
        throw refuse(`the member unpacks to more than the ${member.byteLength} bytes it declares`);
      crc = crc32(chunk, crc);
      yield chunk;
    }
  } finally {
    await opened.close();
  }
  if (done < member.byteLength) {
    throw refuse(`the member unpacks to ${done} bytes, but declares ${member.byteLength}`);
  }
  if (crc !== member.crc32) throw refuse('the member is damaged: its checksum is wrong');
}

async function* readRange(opened: OpenFile, byteOffset: number, byteLength: number): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < byteLength; done += CHUNK_BYTES) {
    yield await opened.read(byteOffset + done, Math.min(CHUNK_BYTES, byteLength - done));
  }
}

async function* inflate(
  packed: AsyncGenerator<Uint8Array>,
  packedLength: number,
  refuse: (message: string) => Error,
): AsyncGenerator<Uint8Array> {
  const inflater = createInflateRaw({ chunkSize: CHUNK_BYTES / 16 });
  // The pipeline ends both when one fails or is left early; what went wrong is thrown where the inflater is read.
  pipeline(Readable.from(packed, { objectMode: false }), inflater, () => {});
  try {
    yield* inflater;
  } catch (error) {
    if (error instanceof RetrofitError || !(error instanceof Error)) throw error;
    throw refuse(`the member is damaged: ${error.message}`);
  }
  if (inflater.bytesWritten !== packedLength) throw refuse('the member is damaged: bytes follow its compressed data');
}
