import { inFile, inputError } from '../../errors.js';
import { MAX_ELEMENTS, MAX_TABLE_BYTES } from '../../limits.js';
import type { ByteRange } from '../../model/tensor.js';
import { DTYPE_BYTES } from '../../model/tensor.js';
import type { FindOptions, FoundFile, Storage } from '../../storage/storage.js';
import { findWeightsPart } from '../find/find-weights-part.js';
import { standInAt, standInError } from '../find/foreign-files.js';
import { readBeginning } from '../find/read-json-file.js';
import { inSlices, readTable } from './sstable.js';
import { readFields } from './wire.js';

// A checkpoint: PREFIX.index lists tensors by their keys, PREFIX.data-00000-of-00001 and so on hold their values.
// Source: tensorflow/core/protobuf/tensor_bundle.proto and util/tensor_bundle/tensor_bundle.cc.

/** A tensor of a checkpoint. */
export interface BundleEntry {
  readonly key: string;
  /** The dtype as models name it; `DT_<number>` for one that no weight has. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly range: ByteRange;
  /** The masked checksum of its bytes. */
  readonly checksum: number;
}

/** The place of a checkpoint: its folder, and the prefix of its files' names. */
export interface CheckpointPlace {
  readonly folder: string;
  readonly prefix: string;
  /** The text that named it as the latest. */
  readonly named?: FoundFile;
}

export interface TensorBundle {
  readonly entries: ReadonlyMap<string, BundleEntry>;
  readonly index: FoundFile;
  /** The files of the values, by name. */
  readonly shards: ReadonlyMap<string, FoundFile>;
}

/** Dtypes by the numbers of tensorflow/core/framework/types.proto. */
const DTYPES: ReadonlyMap<number, string> = new Map([
  [1, 'float32'],
  [2, 'float64'],
  [3, 'int32'],
  [4, 'uint8'],
  [5, 'int16'],
  [6, 'int8'],
  [9, 'int64'],
  [10, 'bool'],
  [14, 'bfloat16'],
  [17, 'uint16'],
  [19, 'float16'],
  [22, 'uint32'],
  [23, 'uint64'],
]);
export const STRING = 'string';
const STRING_NUMBER = 7;

/**
 * Opens a checkpoint: its index is read, of its values only the sizes of the files.
 * @throws RetrofitError `bad-bundle`, `weights-missing`, `unsafe-path`
 */
export async function openBundle(
  storage: Storage,
  place: CheckpointPlace,
  options: FindOptions,
): Promise<TensorBundle> {
  const { folder, prefix } = place;
  const index = await findPart(storage, folder, `${prefix}.index`, options);
  try {
    const table = readTable(await readIndex(storage, index));
    const count = readHeader(table.get(''));
    const shards = new Map<string, FoundFile>();
    const nameOf = (shard: number) => `${prefix}.data-${digits(shard)}-of-${digits(count)}`;
    const entries = new Map<string, BundleEntry>();
    for (const [key, value] of table) {
      if (key === '') continue;
      const { shard, ...entry } = readEntry(key, value);
      if (shard >= count) throw badEntry(key, `lies in the file ${shard} of ${count}`);
      const file = nameOf(shard);
      if (!shards.has(file)) shards.set(file, await findPart(storage, folder, file, options));
      const { offset, size } = entry;
      if (offset + size > shards.get(file)!.byteLength)
        throw await tooShort(storage, key, offset + size, file, shards.get(file)!);
      const range = { file, byteOffset: offset, byteLength: size };
      entries.set(key, { key, dtype: entry.dtype, shape: entry.shape, range, checksum: entry.checksum });
    }
    refuseOverlaps(entries);
    return { entries, index, shards };
  } catch (error) {
    throw inFile(error, index.path);
  }
}

const digits = (number: number): string => String(number).padStart(5, '0');

const findPart = (storage: Storage, folder: string, name: string, options: FindOptions): Promise<FoundFile> =>
  findWeightsPart(storage, folder, name, options, {
    named: `file "${name}" of the checkpoint`,
    where: { file: storage.join(folder, name) },
    hint: 'a checkpoint is several files: copy all of them into one folder',
  });

async function readIndex(storage: Storage, index: FoundFile): Promise<Uint8Array> {
  if (index.byteLength > MAX_TABLE_BYTES)
    throw inputError('bad-bundle', `the index has ${index.byteLength} bytes; the limit is ${MAX_TABLE_BYTES}`, {
      hint: 'it lists the tensors of a model and is smaller: save the model again',
    });
  const bytes = await readBeginning(storage, index, index.byteLength);
  const standIn = standInError(bytes.subarray(0, 64), index.path);
  if (standIn !== undefined) throw standIn;
  return bytes;
}

/** Reads the number of files that hold the values. */
function readHeader(header: Uint8Array | undefined): number {
  if (header === undefined) throw badBundle('its index does not say how many files there are');
  let count = 0;
  for (const { number, value } of readFields(header, 'header')) {
    if (number === 1) count = value;
    if (number === 2 && value !== 0) throw badBundle('its numbers are big-endian, which is not supported');
  }
  if (count < 1 || count > 99_999) throw badBundle(`its index says that there are ${count} files of values`);
  return count;
}

const badBundle = (message: string) =>
  inputError('bad-bundle', `the checkpoint cannot be read: ${message}`, {
    hint: 'save or download the model again, all of its files',
  });

const badEntry = (key: string, message: string) =>
  inputError('bad-bundle', `the tensor "${key}" ${message}`, {
    where: { field: key },
    hint: 'the checkpoint is damaged, or is none of a Keras model: save or download the model again',
  });

function readEntry(key: string, bytes: Uint8Array) {
  const found = { type: 0, shard: 0, offset: 0, size: 0, checksum: 0 };
  let shape: readonly number[] = [];
  for (const { number, value, bytes: inner } of readFields(bytes, key)) {
    if (number === 1) found.type = value;
    else if (number === 2) shape = readShape(inner, key);
    else if (number === 3) found.shard = value;
    else if (number === 4) found.offset = value;
    else if (number === 5) found.size = value;
    else if (number === 6) found.checksum = value;
    else if (number === 7) throw inSlices(key);
  }
  const { type, shard, offset, size, checksum } = found;
  if (!Number.isSafeInteger(offset + size)) throw badEntry(key, 'lies where no file can be');
  const elements = shape.reduce((product, length) => product * length, 1);
  if (!(elements <= MAX_ELEMENTS / 8)) throw badEntry(key, 'has more elements than a computer can address');
  const dtype = DTYPES.get(type) ?? (type === STRING_NUMBER ? STRING : `DT_${type}`);
  const each = DTYPE_BYTES[dtype];
  if (each !== undefined && each * elements !== size)
    throw badEntry(key, `has ${size} bytes, its shape [${shape.join(', ')}] asks for ${each * elements}`);
  return { dtype, shape, shard, offset, size, checksum };
}

/** Source: tensorflow/core/framework/tensor_shape.proto. */
function readShape(bytes: Uint8Array, key: string): readonly number[] {
  const shape: number[] = [];
  for (const dimension of readFields(bytes, key)) {
    if (dimension.number === 3 && dimension.value !== 0) throw badEntry(key, 'has no known shape');
    if (dimension.number !== 2) continue;
    let size = 0;
    for (const { number, value } of readFields(dimension.bytes, key)) if (number === 1) size = value;
    if (!Number.isSafeInteger(size)) throw badEntry(key, 'has a negative size, or one beyond all bounds');
    shape.push(size);
  }
  return shape;
}

async function tooShort(storage: Storage, key: string, needed: number, name: string, file: FoundFile) {
  const standIn = await standInAt(storage, file);
  if (standIn !== undefined) return standIn;
  return inputError('weights-size', `the tensor "${key}" ends at byte ${needed}, "${name}" has ${file.byteLength}`, {
    where: { file: file.path, field: key },
    hint: 'the file is incomplete or belongs to another model: download or save the model again',
  });
}

function refuseOverlaps(entries: ReadonlyMap<string, BundleEntry>): void {
  const sorted = [...entries.values()].toSorted(
    ({ range: one }, { range: other }) =>
      (one.file < other.file ? -1 : one.file > other.file ? 1 : 0) || one.byteOffset - other.byteOffset,
  );
  for (const [index, { key, range }] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before === undefined || before.range.file !== range.file || range.byteLength === 0) continue;
    if (before.range.byteOffset + before.range.byteLength > range.byteOffset)
      throw badEntry(key, `lies where "${before.key}" does`);
  }
}
