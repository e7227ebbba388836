// @ts-check
// The thread in which HDF5's own library (h5wasm) says what a file holds: some damaged files make it loop for ever or
// corrupt its memory, so it has to be one that can be ended. JavaScript, because Node starts a thread from a file.
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

const { ready } = await import('h5wasm');
/** @type {any} */
const module = await ready;
let judged = 0;
const CHARSETS = ['ascii', 'utf8'];
const PADDINGS = ['null-term', 'null-pad', 'space-pad'];
const INTEGER = 0;
const FLOAT = 1;
const STRING = 3;
const OPAQUE = 5;
const ENUMERATION = 8;
const MOST_DEPTH = 16;

// h5wasm ignores what most HDF5 functions return; but HDF5 prints why each one failed.
let printed = 0;
module.FS.getStream(2).stream_ops = {
  write: (
    /** @type {any} */ _stream,
    /** @type {any} */ _heap,
    /** @type {number} */ _at,
    /** @type {number} */ size,
  ) => {
    printed += size;
    return size;
  },
};

/** @template T @param {number} byteLength @param {(pointer: number) => T} use */
function withMemory(byteLength, use) {
  const pointer = module._malloc(Math.max(byteLength, 1));
  if (pointer === 0) throw new Error('no memory');
  try {
    module.HEAPU8.fill(0, pointer, pointer + byteLength);
    return use(pointer);
  } finally {
    module._free(pointer);
  }
}

/** @param {number} pointer @param {number} most */
function textAt(pointer, most) {
  const heap = module.HEAPU8;
  const end = heap.indexOf(0, pointer);
  const bytes = heap.slice(pointer, Math.min(end < 0 ? heap.length : end, pointer + most));
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** @param {bigint} file @param {string} path @param {string} name */
function readAttribute(file, path, name) {
  const before = printed;
  const found = module.get_attribute_metadata(file, path, name);
  // It prints even where all is well.
  printed = before;
  const { type, shape, size, total_size: count, vlen, strpad, cset } = found;
  if (type !== STRING || shape === null) return { count: shape === null ? 0 : count };
  const byteLength = count * size;
  if (!(byteLength <= 2 ** 26)) throw new Error('too large');
  return withMemory(byteLength, (pointer) => {
    if (module.get_attribute_data(file, path, name, BigInt(pointer)) < 0 || printed > before) throw new Error('failed');
    const places = Array.from({ length: count }, (_, index) => pointer + index * size);
    const heap = new DataView(module.HEAPU8.buffer);
    const texts = places.map((place) => {
      if (!vlen) return strpad === 2 ? textAt(place, size).replace(/ +$/, '') : textAt(place, size);
      const text = heap.getUint32(place, true);
      return text === 0 ? '' : textAt(text, Number.POSITIVE_INFINITY);
    });
    const kind = { charset: CHARSETS[cset], isFixed: !vlen, padding: PADDINGS[strpad], isList: shape.length > 0 };
    return { texts, kind };
  });
}

/** @param {any} metadata @param {() => unknown} dtypeText */
function dtypeOf({ type, size, signed, enum_type: members }, dtypeText) {
  if (type === INTEGER) return `${signed ? '' : 'u'}int${8 * size}`;
  if (type === FLOAT) return `float${8 * size}`;
  if (type === STRING) return 'string';
  if (type === ENUMERATION) {
    const isBool = size === 1 && JSON.stringify(members?.members) === '{"FALSE":0,"TRUE":1}';
    return isBool ? 'bool' : 'other';
  }
  return type === OPAQUE && size === 2 && dtypeText() === 'bfloat16' ? 'bfloat16' : 'other';
}

/** @param {bigint} file @param {string} path */
function kindOf(file, path) {
  if (module.get_symbolic_link(file, path) !== null) return 'soft link';
  if ('filename' in module.get_external_link(file, path)) return 'external link';
  const type = module.get_type(file, path);
  if (type === module.H5G_GROUP) return 'group';
  return type === module.H5G_DATASET ? 'dataset' : 'unknown';
}

/**
 * An answer to each question; none where HDF5 has none. What cannot be closed again is not sound.
 * @param {Uint8Array} bytes @returns {{ answers: Map<string, string>, isSound: boolean }}
 */
function judge(bytes) {
  /** @type {Map<string, string>} */
  const answers = new Map();
  // HDF5 takes a file of the same name for one that it could not close.
  judged += 1;
  const path = `/judged_${judged}.h5`;
  module.FS.writeFile(path, bytes);
  printed = 0;
  const file = module.open(path, module.H5F_ACC_RDONLY, false, module.H5F_LIBVER_EARLIEST, module.H5F_LIBVER_LATEST);
  if (file < 0n || printed > 0) return { answers, isSound: false };

  /** @template T @param {string} question @param {() => T} answer @returns {T | undefined} */
  const ask = (question, answer) => {
    printed = 0;
    try {
      const found = answer();
      if (printed > 0) throw new Error('failed');
      answers.set(question, JSON.stringify(found));
      return found;
    } catch {
      return undefined;
    }
  };
  /** @param {string} path @param {string} kind @param {number} depth */
  const visit = (path, kind, depth) => {
    const names = ask(`attributes of ${path}`, () => module.get_attribute_names(file, path).toSorted()) ?? [];
    for (const name of names) ask(`texts of ${path}@${name}`, () => readAttribute(file, path, name));
    if (kind === 'dataset') visitDataset(path);
    else if (depth < MOST_DEPTH) {
      const children = ask(`list ${path}`, () =>
        [...module.get_names(file, path, false)].toSorted().map((/** @type {string} */ name) => ({
          name,
          kind: name.includes('/') ? 'unknown' : kindOf(file, join(path, name)),
        })),
      );
      for (const child of children ?? []) {
        if (child.kind === 'group' || child.kind === 'dataset') visit(join(path, child.name), child.kind, depth + 1);
      }
    }
  };
  /** @param {string} path */
  const visitDataset = (path) => {
    let byteLength = 0;
    const dataset = ask(`dataset ${path}`, () => {
      const metadata = module.get_dataset_metadata(file, path);
      const shape = metadata.shape === null ? [0] : [...metadata.shape].map(Number);
      const dtypeText = () => JSON.parse(answers.get(`texts of ${path}@dtype`) ?? '{}').texts?.[0];
      const dtype = dtypeOf(metadata, dtypeText);
      // What a text takes is no size of the file's.
      if (dtype === 'string' || dtype === 'other') return { dtype, shape };
      byteLength = shape.reduce((a, b) => a * b, metadata.size);
      return { dtype, shape, byteLength };
    });
    if (dataset === undefined || dataset.byteLength === undefined || byteLength > 2 ** 26) return;
    ask(`values of ${path}`, () =>
      withMemory(byteLength, (pointer) => {
        if (byteLength > 0 && module.get_dataset_data(file, path, null, null, null, BigInt(pointer)) < 0)
          throw new Error();
        return createHash('sha256')
          .update(module.HEAPU8.slice(pointer, pointer + byteLength))
          .digest('hex');
      }),
    );
  };
  visit('/', 'group', 0);
  const isSound = module.close_file(file) >= 0;
  module.FS.unlink(path);
  return { answers, isSound };
}

/** @param {string} group @param {string} name */
const join = (group, name) => (group === '/' ? `/${name}` : `${group}/${name}`);

parentPort?.on('message', (/** @type {Uint8Array} */ bytes) => parentPort?.postMessage(judge(bytes)));
