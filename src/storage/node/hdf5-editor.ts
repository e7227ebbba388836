import { outputError } from '../../errors.js';
import type { ByteChunks, Hdf5Dtype, Hdf5Editor } from '../hdf5.js';
import { hdf5File, located, type OpenHdf5 } from './hdf5-file.js';
import { hyperslabs } from './hyperslabs.js';

// The names that the library gives types; halves of the other kind are written as what they stand for.
const TYPES: Readonly<Partial<Record<Hdf5Dtype, string>>> = {
  float16: '<e',
  float32: '<f',
  float64: '<d',
  bfloat16: '<f',
  int8: '<b',
  int16: '<h',
  int32: '<i',
  int64: '<q',
  uint8: '<B',
  uint16: '<H',
  uint32: '<I',
  uint64: '<Q',
  bool: '<B',
};

/** Changes an open HDF5 file. See {@link Hdf5Editor}. */
export function hdf5Editor(opened: OpenHdf5): Hdf5Editor {
  const { loaded, id } = opened;
  const { module, h5wasm } = loaded;
  const file = hdf5File(opened);
  const call = <T>(path: string, work: () => T): T => {
    try {
      return loaded.call(work);
    } catch (error) {
      throw located(error, opened.path, path);
    }
  };

  const makeGroup = (path: string): void => {
    if (file.has(path)) return;
    makeGroup(folderOf(path));
    call(path, () => succeed(module.create_group(id, path, false)));
  };

  const removeAttribute = (path: string, name: string): void =>
    call(path, () => succeed(module.delete_attribute(id, path, name)));

  const writeAttribute = (path: string, name: string, write: () => void): void => {
    if (file.listAttributes(path).includes(name)) removeAttribute(path, name);
    call(path, write);
  };

  return {
    ...file,
    makeGroup,
    removeAttribute,
    writeText: (path, name, text) =>
      writeAttribute(path, name, () => new h5wasm.Group(id, path).create_attribute(name, text, [], 'S')),
    writeTexts: (path, name, texts) =>
      writeAttribute(path, name, () => {
        const group = new h5wasm.Group(id, path);
        if (texts.length === 0) group.create_attribute(name, new Float64Array(0), [0], '<d');
        else group.create_attribute(name, [...texts], [texts.length], 'S');
      }),
    makeDataset: async (path, dtype, shape, values) => {
      makeGroup(folderOf(path));
      const bytes = dtype === 'bfloat16' ? widened(values) : values;
      call(path, () => createEmpty(path, TYPES[dtype], shape));
      await fill(path, shape, bytes);
    },
    overwrite: async ({ path, shape }, values) => fill(path, shape, values),
  };

  /** Makes a dataset without values: they are written piece by piece, however large it is. */
  function createEmpty(path: string, type: string | undefined, shape: readonly number[]): void {
    if (type === undefined) throw new Error('values of this kind cannot be written');
    const sizes = shape.map(BigInt);
    const metadata = { ...typeMetadata(type), shape: sizes, maxshape: sizes, chunks: null };
    // No values to write: HDF5 says so, and the dataset is there.
    module.create_dataset(id, path, 0n, metadata as unknown as Parameters<typeof module.create_dataset>[3]);
    if (module.get_type(id, path) !== module.H5G_DATASET) throw new Error('the dataset cannot be made');
  }

  function typeMetadata(type: string): object {
    const classes = module.H5T_class_t;
    const letter = type.slice(1);
    const isFloat = 'efd'.includes(letter);
    const sizes: Readonly<Record<string, number>> = { e: 2, f: 4, d: 8, b: 1, h: 2, i: 4, q: 8 };
    return {
      vlen: false,
      littleEndian: true,
      type: isFloat ? classes.H5T_FLOAT.value : classes.H5T_INTEGER.value,
      size: sizes[letter.toLowerCase()],
      signed: !isFloat && letter === letter.toLowerCase(),
    };
  }

  async function fill(path: string, shape: readonly number[], values: ByteChunks): Promise<void> {
    const { size } = call(path, () => module.get_dataset_metadata(id, path));
    const take = takeBytes(values);
    for (const { offset, count, byteLength } of hyperslabs(shape, size)) {
      const bytes = await take(byteLength);
      call(path, () => writeSlab(path, offset, count, bytes));
    }
  }

  function writeSlab(path: string, offset: readonly number[], count: readonly number[], bytes: Uint8Array): void {
    const pointer = module._malloc(bytes.byteLength);
    if (pointer === 0) throw new Error('there is no memory to write it');
    try {
      module.HEAPU8.set(bytes, pointer);
      const big = (numbers: readonly number[]) => (numbers.length === 0 ? null : numbers.map(BigInt));
      succeed(module.set_dataset_data(id, path, big(count), big(offset), big(count.map(() => 1)), BigInt(pointer)));
    } finally {
      module._free(pointer);
    }
  }
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

function succeed(status: number): void {
  if (status < 0) throw new Error('HDF5 could not do it');
}

/** Takes pieces apart and puts them together: each call gives the next so many bytes. */
function takeBytes(values: ByteChunks): (length: number) => Promise<Uint8Array> {
  const pieces = Symbol.asyncIterator in values ? values[Symbol.asyncIterator]() : values[Symbol.iterator]();
  let rest: Uint8Array = new Uint8Array();
  return async (length) => {
    if (rest.byteLength >= length) return cut(length);
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      if (rest.byteLength === 0) {
        const next = await pieces.next();
        if (next.done) throw outputError('cannot-write', 'a weight has fewer values than its shape says');
        rest = next.value;
        continue;
      }
      const piece = cut(Math.min(length - done, rest.byteLength));
      bytes.set(piece, done);
      done += piece.byteLength;
    }
    return bytes;
  };

  function cut(length: number): Uint8Array {
    const piece = rest.subarray(0, length);
    rest = rest.subarray(length);
    return piece;
  }
}

/** Bfloat16 values as float32: the library cannot make their type, and Keras takes both. */
async function* widened(values: ByteChunks): AsyncGenerator<Uint8Array> {
  const take = takeAll(values);
  for await (const bytes of take) {
    const halves = new Uint16Array(bytes.slice().buffer);
    yield new Uint8Array(Uint32Array.from(halves, (half) => half << 16).buffer);
  }
}

async function* takeAll(values: ByteChunks): AsyncGenerator<Uint8Array> {
  yield* values;
}
