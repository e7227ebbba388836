import { CHUNK_BYTES } from '../../limits.js';
import { readChunked } from './chunked-dataset.js';
import type { DatasetHeader } from './dataset-header.js';
import { filled } from './fill-value.js';
import type { Inflate } from './filter-pipeline.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';

/** The values of a dataset, little-endian, from the first to the last. */
export function* readValues(file: Hdf5Bytes, header: DatasetHeader, inflate: Inflate): Generator<Uint8Array> {
  const { isBigEndian, itemBytes } = header;
  for (const stored of readStored(file, header, inflate)) {
    for (let start = 0; start < stored.length; start += CHUNK_BYTES) {
      const bytes = stored.subarray(start, start + CHUNK_BYTES);
      if (isBigEndian)
        for (let at = 0; at < bytes.length; at += itemBytes) bytes.subarray(at, at + itemBytes).reverse();
      yield bytes;
    }
  }
}

/** Yields bytes that are not shared, whole values in each piece. */
function* readStored(file: Hdf5Bytes, header: DatasetHeader, inflate: Inflate): Generator<Uint8Array> {
  const { values, byteLength, itemBytes, fill } = header;
  if (values.kind === 'compact') yield values.bytes.slice();
  else if (values.kind === 'chunked') yield* readChunked(file, header, values, inflate);
  else
    for (let start = 0; start < byteLength; start += CHUNK_BYTES) {
      const length = Math.min(CHUNK_BYTES, byteLength - start);
      if (values.kind === 'contiguous') yield file.read(values.address + start, length);
      else yield filled(length, fill, itemBytes);
    }
}
