import { inputError } from '../../errors.js';
import { CHUNK_BYTES } from '../../limits.js';
import type { Tensor, TensorValues } from '../../model/tensor.js';
import type { Storage } from '../../storage/storage.js';
import { changedValues } from '../values/changed-values.js';
import { type WeightReader, withWeightReader } from '../values/weight-reader.js';
import { crc32c, masked } from './crc32c.js';
import type { BundleEntry, TensorBundle } from './tensor-bundle.js';

/** Opens the values of tensors in a checkpoint; reading all of one verifies its checksum. */
export function withCheckpointValues<T>(
  storage: Storage,
  { entries, shards }: TensorBundle,
  use: (values: TensorValues) => Promise<T>,
): Promise<T> {
  const pool: Pool = [];
  const places = new Map([...entries.values()].map((entry) => [placeOf(entry.range), entry]));
  return withWeightReader(storage, shards, (reader) =>
    use({ chunks: (tensor) => changedValues(tensor, storedValues(tensor, reader), '') }),
  );

  function storedValues({ source }: Tensor, reader: WeightReader): AsyncIterable<Uint8Array> | [] {
    if (source.kind !== 'stored') return [];
    const entry = places.get(placeOf(source.ranges[0]!));
    return entry === undefined ? [] : checked(entry, shards.get(entry.range.file)!.path, reader, pool);
  }
}

const placeOf = ({ file, byteOffset, byteLength }: BundleEntry['range']): string =>
  `${byteOffset}+${byteLength}:${file}`;

/** Buffers of a whole chunk that are not in use. */
type Pool = Uint8Array<ArrayBuffer>[];

/** Fewer bytes get memory of their own, which is soon free again. */
const POOLED_BYTES = 64 * 1024;

/**
 * Yields the bytes of a tensor, the last of them once its checksum is verified: whoever takes as many as there are asks for
 * no more. The next ones are read and added up while those before are written. Chunks share memory: each is valid until another
 * is requested.
 */
async function* checked({ key, range, checksum }: BundleEntry, path: string, reader: WeightReader, pool: Pool) {
  const { file, byteOffset, byteLength } = range;
  let crc = 0;
  const read = async (done: number) => {
    const length = Math.min(CHUNK_BYTES, byteLength - done);
    const into = length < POOLED_BYTES ? undefined : (pool.pop() ?? new Uint8Array(CHUNK_BYTES));
    const bytes = await reader.read({ file, byteOffset: byteOffset + done, byteLength: length }, into);
    crc = crc32c(bytes, crc);
    return { bytes, into };
  };
  const verify = () => {
    if (masked(crc) !== checksum) throw damaged(key, path);
  };
  if (byteLength === 0) verify();
  let next = byteLength > 0 ? read(0) : undefined;
  for (let done = CHUNK_BYTES; next !== undefined; done += CHUNK_BYTES) {
    const { bytes, into } = await next;
    next = done < byteLength ? read(done) : undefined;
    // The error is thrown when this chunk is requested.
    next?.catch(() => {});
    if (next === undefined) verify();
    yield bytes;
    if (into !== undefined) pool.push(into);
  }
}

const damaged = (key: string, path: string) =>
  inputError('bad-bundle', `the tensor "${key}" does not match its checksum`, {
    where: { file: path, field: key },
    hint: 'the file is damaged: save or download the model again',
  });
