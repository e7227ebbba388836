import { CHUNK_BYTES } from '../../../limits.js';
import type { ByteChunks, Hdf5Dataset, Hdf5Dtype, Hdf5Editor } from '../../hdf5.js';
import { isInterrupted } from '../staging/unfinished.js';
import { listBlocks } from './hdf5-blocks.js';
import { badHdf5 } from './hdf5-bytes.js';
import type { Hdf5MadeType } from './hdf5-calls.js';
import { itemBytes, type NumberDtype } from './hdf5-dtypes.js';
import { makeView, type OpenHdf5 } from './hdf5-file.js';
import { folderOf, join, splitPath } from './hdf5-tree.js';

/** A dataset that was made with a placeholder for its type, which h5wasm cannot make. */
export interface Placeholder {
  readonly address: number;
  readonly dtype: NumberDtype;
}

/** More than this does not fit into the header of an object, and h5wasm can put an attribute nowhere else. */
const MOST_ATTRIBUTE_BYTES = 64_512;

/** What a text of variable length takes in an attribute, whatever its own length. */
const TEXT_REFERENCE_BYTES = 16;

/** Changes an open file; see {@link Hdf5Editor}. `placeholders` are to be replaced once the file is closed. */
export function makeEditor(opened: OpenHdf5): {
  readonly editor: Hdf5Editor;
  readonly placeholders: readonly Placeholder[];
} {
  const { thread, file } = opened;
  const placeholders: Placeholder[] = [];
  /** Objects that were there and are changed: what HDF5 still holds back of them has to be on the disk before it is read. */
  const changed = new Set<string>();
  /** Attributes of the objects that were made. */
  const made = new Map<string, Set<string>>();
  let onDisk = opened.bytes('/');
  const view = makeView({
    ...opened,
    bytes: (path) => {
      if (changed.has(path)) {
        thread.call('flush', file());
        changed.clear();
        onDisk = opened.bytes(path);
      }
      return onDisk;
    },
  });
  const { reader, tree } = view;

  const listAttributes = (path: string): readonly string[] => [...(made.get(path) ?? reader.listAttributes(path))];

  const touch = (path: string): void => {
    if (tree.find(path) === undefined) throw badHdf5('there is no such object', path);
    changed.add(path);
  };

  const makeGroup = (path: string): void => {
    let group = '/';
    for (const name of splitPath(path)) {
      group = join(group, name);
      const found = tree.find(group);
      if (found?.kind === 'dataset') throw badHdf5('a dataset where a group should be', group);
      if (found !== undefined) continue;
      thread.post('makeGroup', file(), group);
      tree.add(group, 'group');
      made.set(group, new Set());
    }
  };

  const writeValues = async (path: string, values: ByteChunks): Promise<void> => {
    const { shape, itemBytes: size, byteLength } = view.getHeader(path);
    changed.add(path);
    const blocks = listBlocks(shape, size, CHUNK_BYTES);
    let next = blocks.next();
    let piece = Buffer.alloc(0);
    let filled = 0;
    for await (const chunk of values) {
      if (isInterrupted()) throw new Error('interrupted');
      for (let taken = 0; taken < chunk.byteLength; ) {
        if (next.done) throw wrongLength(path, byteLength);
        if (filled === 0 && piece.length !== next.value.byteLength) piece = Buffer.alloc(next.value.byteLength);
        const count = Math.min(piece.length - filled, chunk.byteLength - taken);
        piece.set(chunk.subarray(taken, taken + count), filled);
        filled += count;
        taken += count;
        if (filled < piece.length) continue;
        thread.post('write', file(), path, next.value.block, piece);
        piece = Buffer.alloc(0);
        filled = 0;
        next = blocks.next();
      }
    }
    if (!next.done) throw wrongLength(path, byteLength);
  };

  /** Makes room for an attribute. */
  const replace = (path: string, attribute: string): void => {
    if (listAttributes(path).includes(attribute)) thread.post('removeAttribute', file(), path, attribute);
    touch(path);
    made.get(path)?.add(attribute);
  };

  const editor: Hdf5Editor = {
    ...reader,
    listAttributes,
    makeGroup,
    makeDataset: async (path, dtype, shape, values) => {
      if (!isNumber(dtype)) throw new Error(`no dataset of ${dtype} can be made`);
      if (tree.find(path) !== undefined) throw badHdf5('an object of this name is there already', path);
      makeGroup(folderOf(path));
      const size = itemBytes(dtype);
      const type = madeType(dtype);
      thread.post('makeDataset', file(), path, type, size, shape);
      tree.add(path, 'dataset');
      made.set(path, new Set());
      const byteLength = shape.reduce((product, count) => product * count, size);
      view.addDataset(path, { shape, dtype, itemBytes: size, byteLength, isChunked: false, valuesAddress: undefined });
      if (type === 'placeholder') placeholders.push({ address: thread.call('addressOf', file(), path), dtype });
      // Keras tells two opaque bytes by it.
      if (dtype === 'bfloat16') editor.writeText(path, 'dtype', 'bfloat16');
      await writeValues(path, values);
    },
    overwrite: async ({ path }: Hdf5Dataset, values) => {
      if (!isNumber(reader.dataset(path).dtype)) throw badHdf5('a dataset that holds no numbers', path);
      await writeValues(path, values);
    },
    writeText: (path, attribute, text) => {
      replace(path, attribute);
      thread.post('writeText', file(), path, attribute, withoutNul(text, path));
    },
    writeTexts: (path, attribute, texts) => {
      replace(path, attribute);
      for (const text of texts) withoutNul(text, path);
      const isTooMany = texts.length * TEXT_REFERENCE_BYTES > MOST_ATTRIBUTE_BYTES;
      const longest = isTooMany ? Math.max(1, ...texts.map((text) => Buffer.byteLength(text))) : null;
      thread.post('writeTexts', file(), path, attribute, texts, longest);
    },
    removeAttribute: (path, attribute) => {
      if (!listAttributes(path).includes(attribute))
        throw badHdf5('there is no such attribute', `${path}@${attribute}`);
      thread.post('removeAttribute', file(), path, attribute);
      touch(path);
      made.get(path)?.delete(attribute);
    },
  };
  return { editor, placeholders };
}

const isNumber = (dtype: Hdf5Dtype): dtype is NumberDtype => dtype !== 'string' && dtype !== 'other';

function madeType(dtype: NumberDtype): Hdf5MadeType {
  if (dtype === 'float32' || dtype === 'float64') return 'float';
  if (dtype.startsWith('uint')) return 'unsigned';
  return dtype.startsWith('int') ? 'integer' : 'placeholder';
}

/** HDF5 would end the text there. */
function withoutNul(text: string, path: string): string {
  if (text.includes('\0')) throw badHdf5('a text with a NUL cannot be written', path);
  return text;
}

const wrongLength = (path: string, byteLength: number) =>
  new Error(`${path} takes ${byteLength} bytes, no more and no fewer`);
