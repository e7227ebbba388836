import type { FileWindow } from '../file-window.js';
import {
  type ByteChunks,
  type Hdf5Dtype,
  type Hdf5Editor,
  joinHdf5,
  MOST_ATTRIBUTE_BYTES,
  TEXT_REFERENCE_BYTES,
  type TextKind,
} from '../hdf5.js';
import { readValues } from './dataset-values.js';
import { datatypeMessage, itemBytes, type NumberDtype, textKindOf } from './datatype.js';
import { encodeUtf8 } from './fields.js';
import { makeTail } from './file-tail.js';
import type { Inflate } from './filter-pipeline.js';
import { type Hdf5Bytes, windowBytes } from './hdf5-bytes.js';
import { type ChangedObject, type NewAttribute, writeChanges } from './hdf5-changes.js';
import { badHdf5 } from './hdf5-errors.js';
import type { Hdf5View } from './hdf5-file.js';
import { datasetMessages } from './new-messages.js';
import { endOfFile, newSuperblock } from './new-superblock.js';
import { folderOf, splitPath } from './object-tree.js';
import { DEFAULT_TEXT_KIND, fixedLength, fixedTextType, fixedValues, variableTextType } from './text-types.js';

/**
 * Makes an editor for a file of the kind that Keras writes; see {@link Hdf5Editor}. Values are written as they come,
 * all else by `finish`: until then the file leads to its old contents.
 */
export function makeEditor(
  file: FileWindow,
  view: Hdf5View,
  before: Hdf5Bytes,
  inflate: Inflate,
): { readonly editor: Hdf5Editor; readonly finish: () => void } {
  const { reader, tree } = view;
  const isNew = before.byteLength === 0;
  const tail = makeTail(file, before.byteLength);
  if (isNew) tail.add(newSuperblock());
  const root: ChangedObject = newChange(true, isNew ? undefined : tree.find('/')!.address);
  /** Datasets whose values are others than those that lay there. */
  const written = new Set<string>();

  /** The change of an object that is there, or was made; those around it hold a changed one. */
  const changeOf = (path: string): ChangedObject => {
    let change = root;
    let at = '/';
    for (const name of splitPath(path)) {
      at = joinHdf5(at, name);
      let child = change.children.get(name);
      if (child === undefined) {
        const object = tree.find(at);
        if (object === undefined) throw badHdf5('there is no such object', path);
        child = newChange(object.kind === 'group', object.address);
        change.children.set(name, child);
      }
      change = child;
    }
    return change;
  };

  const findChange = (path: string): ChangedObject | undefined => {
    let change: ChangedObject | undefined = root;
    for (const name of splitPath(path)) change = change?.children.get(name);
    return change;
  };

  const isMade = (path: string): boolean => {
    const object = tree.find(path);
    return object !== undefined && object.address === undefined;
  };

  const listAttributes = (path: string): readonly string[] => {
    const changed = findChange(path)?.attributes;
    const names = new Set(isMade(path) ? [] : reader.listAttributes(path));
    for (const [name, attribute] of changed ?? []) {
      if (attribute === undefined) names.delete(name);
      else names.add(name);
    }
    return [...names];
  };

  /** Returns the new value of an attribute; undefined where the file's own holds. */
  const findNew = (path: string, name: string): { readonly attribute: NewAttribute | undefined } | undefined => {
    const changed = findChange(path)?.attributes;
    return changed?.has(name) || isMade(path) ? { attribute: changed?.get(name) } : undefined;
  };

  const makeGroup = (path: string): void => {
    const found = tree.find(path);
    if (found?.kind === 'dataset') throw badHdf5('a dataset where a group should be', path);
    if (found !== undefined) return;
    makeGroup(folderOf(path));
    tree.add(path, 'group');
    changeOf(path);
  };

  /** Writes values at the end of the file. */
  const append = async (path: string, values: ByteChunks, byteLength: number): Promise<number | undefined> => {
    const address = tail.align();
    for await (const chunk of measured(path, values, byteLength)) await tail.addChunk(chunk);
    return byteLength === 0 ? undefined : address;
  };

  const overwriteAt = async (path: string, address: number, values: ByteChunks, byteLength: number): Promise<void> => {
    // New values may still be buffered, and would be written over these.
    tail.flush();
    let end = address;
    for await (const chunk of measured(path, values, byteLength)) {
      end = await file.write(chunk, end);
    }
  };

  const set = (path: string, name: string, attribute: NewAttribute): void => {
    changeOf(path).attributes.set(name, attribute);
  };

  const editor: Hdf5Editor = {
    ...reader,
    listAttributes,
    readText: (path, name) => {
      const changed = findNew(path, name);
      return changed === undefined ? reader.readText(path, name) : changed.attribute?.texts[0];
    },
    readTexts: (path, name) => {
      const changed = findNew(path, name);
      return changed === undefined ? reader.readTexts(path, name) : changed.attribute?.texts;
    },
    textKind: (path, name) => {
      const changed = findNew(path, name);
      if (changed === undefined) return reader.textKind(path, name);
      const { attribute } = changed;
      const kind = attribute && textKindOf(attribute.datatype);
      return kind && { ...kind, isList: attribute.shape.length > 0 };
    },
    *chunks(dataset) {
      if (!written.has(dataset.path)) yield* reader.chunks(dataset);
      else {
        tail.flush();
        yield* readValues(windowBytes(file), view.getHeader(dataset.path), inflate);
      }
    },
    makeGroup,
    makeDataset: async (path, dtype, shape, values) => {
      if (!isNumber(dtype)) throw new Error(`no dataset of ${dtype} can be made`);
      if (tree.find(path) !== undefined) throw badHdf5('an object of this name is there already', path);
      makeGroup(folderOf(path));
      tree.add(path, 'dataset');
      // Keras tells two opaque bytes by it.
      if (dtype === 'bfloat16') editor.writeText(path, 'dtype', 'bfloat16');
      await replaceValues(path, dtype, shape, values);
    },
    overwrite: async ({ path }, values) => {
      const { dtype, shape, values: old, isBigEndian, byteLength } = view.getHeader(path);
      if (!isNumber(dtype)) throw badHdf5('a dataset that holds no numbers', path);
      written.add(path);
      if (old.kind === 'contiguous' && !isBigEndian) await overwriteAt(path, old.address, values, byteLength);
      else await replaceValues(path, dtype, shape, values);
    },
    writeText: (path, name, text, kind = DEFAULT_TEXT_KIND) => set(path, name, textAttribute(path, [text], [], kind)),
    writeTexts: (path, name, texts, kind = DEFAULT_TEXT_KIND) =>
      set(path, name, texts.length === 0 ? NO_TEXTS : textAttribute(path, texts, [texts.length], kind)),
    removeAttribute: (path, name) => {
      if (!listAttributes(path).includes(name)) throw badHdf5('there is no such attribute', `${path}@${name}`);
      changeOf(path).attributes.set(name, undefined);
    },
  };

  /** Gives a dataset contiguous values of its own, at the end of the file. */
  async function replaceValues(path: string, dtype: NumberDtype, shape: readonly number[], values: ByteChunks) {
    const size = itemBytes(dtype);
    const byteLength = shape.reduce((product, count) => product * count, size);
    const valuesAddress = await append(path, values, byteLength);
    changeOf(path).messages = datasetMessages(dtype, shape, valuesAddress, byteLength);
    view.addDataset(path, {
      shape,
      dtype,
      itemBytes: size,
      byteLength,
      isBigEndian: false,
      values: valuesAddress === undefined ? { kind: 'unwritten' } : { kind: 'contiguous', address: valuesAddress },
      fill: undefined,
    });
    written.add(path);
  }

  const finish = (): void => {
    const patches = writeChanges(before, tail, root);
    tail.flush();
    for (const { address, bytes } of [...patches, endOfFile(tail.end)]) file.writeSync(bytes, address);
  };
  return { editor, finish };
}

const newChange = (isGroup: boolean, address: number | undefined): ChangedObject => ({
  address,
  isGroup,
  attributes: new Map(),
  children: new Map(),
  messages: undefined,
});

const isNumber = (dtype: Hdf5Dtype): dtype is NumberDtype => dtype !== 'string' && dtype !== 'other';

/** No texts, as NumPy has them: an empty float64 array. */
const NO_TEXTS: NewAttribute = {
  texts: [],
  values: new Uint8Array(0),
  datatype: datatypeMessage('float64'),
  shape: [0],
};

/** Texts of the kind, but for their length where they have no room else: long ones elsewhere, many in a row. */
function textAttribute(path: string, texts: readonly string[], shape: readonly number[], kind: TextKind): NewAttribute {
  // HDF5 would end the text there.
  if (texts.some((text) => text.includes('\0'))) throw badHdf5('a text with a NUL cannot be written', path);
  const encoded = texts.map((text) => encodeUtf8(text));
  const fixed: TextKind = kind.isFixed ? kind : { ...kind, padding: 'null-pad' };
  const byteLength = fixedLength(encoded, fixed);
  const fits = (size: number): boolean => texts.length * size <= MOST_ATTRIBUTE_BYTES;
  if (kind.isFixed ? fits(byteLength) : !fits(TEXT_REFERENCE_BYTES))
    return {
      texts,
      values: fixedValues(encoded, fixed, byteLength),
      datatype: fixedTextType(fixed, byteLength),
      shape,
    };
  const variable: TextKind = kind.isFixed ? { ...kind, padding: 'null-term' } : kind;
  return { texts, values: undefined, datatype: variableTextType(variable), shape };
}

/** The values as they come, if they are as many as there is room for. */
async function* measured(path: string, values: ByteChunks, byteLength: number): AsyncGenerator<Uint8Array> {
  let left = byteLength;
  for await (const chunk of values) {
    left -= chunk.byteLength;
    if (left < 0) break;
    yield chunk;
  }
  if (left !== 0) throw new Error(`${path} takes ${byteLength} bytes, no more and no fewer`);
}
