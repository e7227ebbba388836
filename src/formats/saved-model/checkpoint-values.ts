import { inputError } from '../../errors.js';
import { CHUNK_BYTES } from '../../limits.js';
import type { ByteRange, Tensor, TensorValues } from '../../model/tensor.js';
import type { Storage } from '../../storage/storage.js';
import { changedValues } from '../changed-values.js';
import { type WeightReader, withWeightReader } from '../tfjs/weight-reader.js';
import { crc32c, masked } from './crc32c.js';
import type { BundleEntry, TensorBundle } from './tensor-bundle.js';

/** Opens the values of tensors that lie in a checkpoint; whoever reads all of one learns whether its checksum is right. */
export function withCheckpointValues<T>(
  storage: Storage,
  { entries, shards }: TensorBundle,
  use: (values: TensorValues) => Promise<T>,
): Promise<T> {
  const places = new Map([...entries.values()].map((entry) => [placeOf(entry.range), entry]));
  return withWeightReader(storage, shards, (reader) =>
    use({ chunks: (tensor) => changedValues(tensor, storedValues(tensor, reader), '') }),
  );

  function storedValues({ source }: Tensor, reader: WeightReader): AsyncIterable<Uint8Array> | [] {
    if (source.kind !== 'stored') return [];
    const entry = places.get(placeOf(source.ranges[0]!));
    return entry === undefined ? [] : checked(entry, shards.get(entry.range.file)!.path, reader);
  }
}

const placeOf = ({ file, byteOffset, byteLength }: BundleEntry['range']): string =>
  `${byteOffset}+${byteLength}:${file}`;

async function* checked({ key, range, checksum }: BundleEntry, path: string, reader: WeightReader) {
  let crc = 0;
  for await (const bytes of readAhead(range, reader)) {
    crc = crc32c(bytes, crc);
    yield bytes;
  }
  if (masked(crc) === checksum) return;
  throw inputError('bad-bundle', `the tensor "${key}" has another checksum than it is to have`, {
    where: { file: path, field: key },
    hint: 'the file is damaged: save or download the model again',
  });
}

/** The bytes of a range; the next ones are read while those before are worked on. */
async function* readAhead({ file, byteOffset, byteLength }: ByteRange, reader: WeightReader) {
  const read = (done: number) =>
    done < byteLength
      ? reader.read({ file, byteOffset: byteOffset + done, byteLength: Math.min(CHUNK_BYTES, byteLength - done) })
      : undefined;
  let next = read(0);
  for (let done = CHUNK_BYTES; next !== undefined; done += CHUNK_BYTES) {
    const bytes = await next;
    next = read(done);
    // Whoever goes on learns of it.
    next?.catch(() => {});
    yield bytes;
  }
}
