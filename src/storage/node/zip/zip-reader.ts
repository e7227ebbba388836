import { pipeline, Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { CHUNK_BYTES } from '../../../limits.js';
import type { FoundFile, OpenFile, ZipArchive } from '../../storage.js';
import * as zip from '../../zip/open-zip.js';
import { crc32 } from '../crc32.js';

/** @throws RetrofitError `bad-zip`, `unsafe-path` */
export const openZip = (archive: FoundFile, open: (file: FoundFile) => Promise<OpenFile>): Promise<ZipArchive> =>
  zip.openZip(archive, { open, inflateRaw, crc32 });

async function* inflateRaw(packed: AsyncIterable<Uint8Array>, packedLength: number): AsyncGenerator<Uint8Array> {
  const inflater = createInflateRaw({ chunkSize: CHUNK_BYTES / 16 });
  // The pipeline ends both when one fails or is left early; what went wrong is thrown where the inflater is read.
  pipeline(Readable.from(packed, { objectMode: false }), inflater, () => {});
  yield* inflater;
  if (inflater.bytesWritten !== packedLength) throw new Error('bytes follow its compressed data');
}
