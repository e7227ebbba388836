import { RetrofitError } from '../../errors.js';
import { CHUNK_BYTES } from '../../limits.js';
import type { FoundFile, OpenFile } from '../storage.js';
import { STORED } from './zip-checks.js';
import { badZip } from './zip-errors.js';

/** Platform functions that reading an archive needs. */
export interface ZipTools {
  /** Opens the archive; each reading of a member opens it anew, so that nothing has to be closed. */
  readonly open: (file: FoundFile) => Promise<OpenFile>;
  /**
   * Undoes deflate.
   * @throws Error that names the damage; also where the data end too early
   */
  readonly inflateRaw: (packed: AsyncIterable<Uint8Array>, packedLength: number) => AsyncIterable<Uint8Array>;
  readonly crc32: (bytes: Uint8Array, before?: number) => number;
}

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
  { open, inflateRaw, crc32 }: ZipTools,
): AsyncGenerator<Uint8Array> {
  const refuse = (message: string) => badZip(archive, member.name, message);
  const opened = await open(archive);
  let done = 0;
  let crc = 0;
  try {
    const packed = readRange(opened, member.byteOffset, member.packedLength);
    const unpacked = member.method === STORED ? packed : inflateRaw(packed, member.packedLength);
    for await (const chunk of refusing(unpacked, refuse)) {
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

async function* refusing(
  chunks: AsyncIterable<Uint8Array>,
  refuse: (message: string) => Error,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    if (error instanceof RetrofitError || !(error instanceof Error)) throw error;
    throw refuse(`the member is damaged: ${error.message}`);
  }
}
