// @ts-check
// The thread that runs h5wasm. HDF5 was not written for hostile files: some make it loop for ever, some corrupt its
// memory. Out here it can be stopped, and be replaced by a new one. JavaScript, because Node starts a thread from a file
// and the tests run from the sources; the types are those of hdf5-calls.ts.
import { workerData } from 'node:worker_threads';
import { makeOneFileSystem } from './hdf5-one-file.mjs';

/** @import { Hdf5Answer, Hdf5Block, Hdf5Calls, Hdf5ChildKind, Hdf5Request } from './hdf5-calls.js' */

const { ready } = await import('h5wasm');
const module = await ready;
const counts = new Int32Array(workerData.counts);
const { mount, unmount, takeSystemError } = makeOneFileSystem(/** @type {any} */ (module.FS), () =>
  Atomics.add(counts, 1, 1),
);

const { H5T_STRING } = module.H5T_class_t;
/** What HDF5's numbers for them stand for. @type {readonly any[]} */
const CHARSETS = ['ascii', 'utf8'];
/** @type {readonly any[]} */
const PADDINGS = ['null-term', 'null-pad', 'space-pad'];

// h5wasm ignores what most HDF5 functions return; but HDF5 prints why each one failed.
let printed = '';
/** @type {any} */ (module.FS).getStream(2).stream_ops = {
  write: (
    /** @type {any} */ _stream,
    /** @type {Int8Array} */ heap,
    /** @type {number} */ at,
    /** @type {number} */ size,
  ) => {
    if (printed.length < 2 ** 16) printed += Buffer.from(heap.subarray(at, at + size)).toString('latin1');
    return size;
  },
};

/** @param {() => void} work that fails, or prints, even where all is well */
function quietly(work) {
  const before = printed;
  work();
  printed = before;
}

class Failure extends Error {}

/**
 * @template T
 * @param {number} byteLength
 * @param {(pointer: number) => T} use
 */
function withMemory(byteLength, use) {
  const pointer = module._malloc(Math.max(byteLength, 1));
  if (pointer === 0) throw new Failure('no memory is left for it');
  try {
    return use(pointer);
  } finally {
    module._free(pointer);
  }
}

/** @type {Map<number, bigint>} */
const handles = new Map();
let opened = 0;

/** @param {number} file */
const handleOf = (file) => /** @type {bigint} */ (handles.get(file));

/** @param {number} status */
function check(status) {
  if (status < 0) throw new Failure('');
}

/** @param {bigint} file @param {string} path */
function addressOf(file, path) {
  const bytes = Uint8Array.from(/** @type {Iterable<number>} */ (module.create_object_reference(file, path)));
  return Number(new DataView(bytes.buffer).getBigUint64(0, true));
}

/** @param {bigint} file @param {string} path @returns {Hdf5ChildKind} */
function kindOf(file, path) {
  // A link is told from what it leads to before anything is opened through it.
  if (module.get_symbolic_link(file, path) !== null) return 'soft link';
  if ('filename' in module.get_external_link(file, path)) return 'external link';
  const type = module.get_type(file, path);
  if (type === module.H5G_GROUP) return 'group';
  return type === module.H5G_DATASET ? 'dataset' : 'unknown';
}

/** @param {readonly number[]} values */
const toBigInts = (values) => values.map(BigInt);

/** @param {Hdf5Block | null} block @returns {[bigint[] | null, bigint[] | null, bigint[] | null]} */
const selection = (block) =>
  block === null ? [null, null, null] : [toBigInts(block.count), toBigInts(block.offset), block.count.map(() => 1n)];

/** @param {number} pointer @param {number} most */
function bytesUpToNul(pointer, most) {
  const heap = module.HEAPU8;
  const end = heap.indexOf(0, pointer);
  return heap.slice(pointer, Math.min(end < 0 ? heap.length : end, pointer + most));
}

/** @type {Hdf5Calls} */
const calls = {
  open(descriptor, byteOffset, byteLength) {
    const file = ++opened;
    const path = mount(file, descriptor, byteOffset, byteLength);
    const handle = module.open(
      path,
      module.H5F_ACC_RDONLY,
      false,
      module.H5F_LIBVER_EARLIEST,
      module.H5F_LIBVER_LATEST,
    );
    if (handle < 0n) {
      unmount(file);
      throw new Failure('');
    }
    handles.set(file, handle);
    return file;
  },
  close(file) {
    const handle = handleOf(file);
    handles.delete(file);
    check(module.close_file(handle));
    unmount(file);
  },
  addressOf: (file, path) => addressOf(handleOf(file), path),
  list(file, group) {
    const handle = handleOf(file);
    const prefix = group === '/' ? '/' : `${group}/`;
    return module.get_names(handle, group, false).map((name) => {
      const path = prefix + name;
      // A name with a slash would lead elsewhere; the caller refuses it.
      const kind = name.includes('/') ? 'unknown' : kindOf(handle, path);
      const address = kind === 'group' || kind === 'dataset' ? addressOf(handle, path) : -1;
      return { name, kind, address };
    });
  },
  listAttributes: (file, path) => module.get_attribute_names(handleOf(file), path),
  readAttribute(file, path, name) {
    const handle = handleOf(file);
    /** @type {import('h5wasm').Metadata | undefined} */
    let found;
    quietly(() => {
      found = module.get_attribute_metadata(handle, path, name);
    });
    const { type, shape, size, total_size: elementCount, vlen, strpad, cset } = /** @type {any} */ (found);
    if (type !== H5T_STRING.value || shape === null) return { elementCount: shape === null ? 0 : elementCount };
    const byteLength = elementCount * size;
    if (!(byteLength <= workerData.mostAttributeBytes)) throw new Failure('an attribute is too large');
    return withMemory(byteLength, (pointer) => {
      // What is not read must not pass for pointers.
      module.HEAPU8.fill(0, pointer, pointer + byteLength);
      check(module.get_attribute_data(handle, path, name, BigInt(pointer)));
      if (printed !== '') throw new Failure('');
      const places = Array.from({ length: elementCount }, (_, index) => pointer + index * size);
      const isList = shape.length > 0;
      const kind = { charset: CHARSETS[cset], isFixed: !vlen, padding: PADDINGS[strpad] };
      if (!vlen) {
        const texts = places.map((place) => bytesUpToNul(place, size));
        // Padded with spaces, as Fortran does.
        return { texts: strpad === 2 ? texts.map(trimSpaces) : texts, isList, kind };
      }
      const heap = new DataView(module.HEAPU8.buffer);
      const texts = places.map((place) => {
        const text = heap.getUint32(place, true);
        return text === 0 ? new Uint8Array() : bytesUpToNul(text, Number.POSITIVE_INFINITY);
      });
      check(module.reclaim_vlen_memory(handle, path, name, BigInt(pointer)));
      return { texts, isList, kind };
    });
  },
  read: (file, path, block, byteLength) =>
    withMemory(byteLength, (pointer) => {
      check(module.get_dataset_data(handleOf(file), path, ...selection(block), BigInt(pointer)));
      return module.HEAPU8.slice(pointer, pointer + byteLength);
    }),
};

/** @param {Uint8Array} bytes */
function trimSpaces(bytes) {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0x20) end -= 1;
  return bytes.slice(0, end);
}

/** @param {Hdf5Request} request @returns {Hdf5Answer} */
function answer({ name, args }) {
  printed = '';
  let reason;
  try {
    const result = /** @type {(...args: any) => unknown} */ (calls[name])(...args);
    const system = takeSystemError();
    if (printed === '' && system === undefined) return { result };
    return { reason: innermost(printed), ...(system && { system }) };
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  const system = takeSystemError();
  return { reason: innermost(printed) || reason, ...(system && { system }) };
}

/** The last line of the first of HDF5's traces is the cause. @param {string} text */
function innermost(text) {
  const [trace = ''] = text.split('HDF5-DIAG').slice(1);
  return [...trace.matchAll(/#\d+: .*? line \d+ in \w+\(\): (.*)/g)].at(-1)?.[1] ?? '';
}

/** @param {unknown} message @param {ArrayBuffer[]} [moved] */
function send(message, moved = []) {
  workerData.port.postMessage(message, moved);
  Atomics.add(counts, 0, 1);
  Atomics.notify(counts, 0);
}

workerData.port.on('message', (/** @type {Hdf5Request} */ request) => {
  const answered = answer(request);
  const isBytes = 'result' in answered && answered.result instanceof Uint8Array;
  send(answered, isBytes ? [/** @type {any} */ (answered.result).buffer] : []);
});
send('ready');
