import { CHUNK_BYTES } from '../../../limits.js';
import type { Hdf5Dataset, Hdf5Dtype, Hdf5File } from '../../hdf5.js';
import { listBlocks } from './hdf5-blocks.js';
import { badHdf5, damaged, type Hdf5Bytes } from './hdf5-bytes.js';
import type { Hdf5AttributeValue } from './hdf5-calls.js';
import { type DatasetHeader, readDatasetHeader } from './hdf5-dataset-header.js';
import { readHeaderMessages } from './hdf5-header.js';
import type { Hdf5Thread } from './hdf5-thread.js';
import { type Hdf5Object, type Hdf5Tree, makeTree } from './hdf5-tree.js';
import { ATTRIBUTE } from './message-types.js';
import { attributesPlainly, isPlainDataset, listPlainly, valuePlainly } from './plain-hdf5.js';

/** A file that is open, and that the thread opens when it is asked the first thing about it. */
export interface OpenHdf5 {
  readonly thread: Hdf5Thread;
  file(): number;
  /** Where the root group's header lies, if the file is one that is read without the thread. */
  readonly plainRoot: number | undefined;
  /** The bytes as they were when the file was opened; none for a new one. */
  readonly bytes: Hdf5Bytes;
}

/** What editing shares with reading. */
export interface Hdf5View {
  readonly reader: Hdf5File;
  readonly tree: Hdf5Tree;
  /** Notes the header of a dataset that was made. */
  addDataset(path: string, header: DatasetHeader): void;
  /** @throws RetrofitError `bad-hdf5` where no dataset stands */
  getHeader(path: string): DatasetHeader;
}

/** What HDF5 unpacks for one piece: it unpacks the chunks anew for each. */
const PACKED_PIECE_BYTES = 8 * CHUNK_BYTES;

/** Reads an open file; see {@link Hdf5File}. */
export function makeView({ thread, file, plainRoot, bytes }: OpenHdf5): Hdf5View {
  const tree = makeTree(
    bytes.byteLength === 0 ? undefined : (plainRoot ?? thread.call('addressOf', file(), '/')),
    (group, address) => readPlainly(address, listPlainly) ?? thread.call('list', file(), group),
  );
  const headers = new Map<string, DatasetHeader>();

  /** Asks the bytes themselves. */
  function readPlainly<T>(
    address: number | undefined,
    read: (file: Hdf5Bytes, address: number) => T | undefined,
  ): T | undefined {
    return plainRoot === undefined || address === undefined ? undefined : read(bytes, address);
  }

  const getHeader = (path: string): DatasetHeader => {
    const known = headers.get(path);
    if (known !== undefined) return known;
    const object = tree.find(path);
    if (object?.kind !== 'dataset' || object.address === undefined) throw badHdf5('there is no such dataset', path);
    const header = readDatasetHeader(bytes, object.address, path);
    const found = { ...header, dtype: isBfloat16(path, header) ? ('bfloat16' as Hdf5Dtype) : refineOpaque(header) };
    headers.set(path, found);
    return found;
  };

  const getObject = (path: string): Hdf5Object => {
    const object = tree.find(path);
    if (object === undefined) throw badHdf5('there is no such object', path);
    return object;
  };

  // An object's attributes are asked for one by one, and each reading takes in all.
  let latest: { readonly path: string; readonly attributes: ReturnType<typeof attributesPlainly> } | undefined;
  const plainAttributesOf = (path: string): ReturnType<typeof attributesPlainly> => {
    if (latest?.path !== path) latest = { path, attributes: readPlainly(getObject(path).address, attributesPlainly) };
    return latest.attributes;
  };

  /** HDF5 answers that there are none where it cannot read them. */
  const askForAttributes = (path: string): readonly string[] => {
    const names = thread.call('listAttributes', file(), path);
    const { address } = getObject(path);
    const isDamaged =
      names.length === 0 &&
      address !== undefined &&
      readHeaderMessages(bytes, address).some(({ type }) => type === ATTRIBUTE);
    if (isDamaged) throw damaged('the attributes of an object cannot be read', path);
    return names;
  };

  const attribute = (path: string, name: string): Hdf5AttributeValue | undefined => {
    const plain = plainAttributesOf(path);
    if (plain === undefined) {
      const isThere = askForAttributes(path).includes(name);
      return isThere ? thread.call('readAttribute', file(), path, name) : undefined;
    }
    const found = plain.get(name);
    return found && (valuePlainly(bytes, found) ?? thread.call('readAttribute', file(), path, name));
  };

  const isBfloat16 = (path: string, { dtype }: DatasetHeader): boolean =>
    dtype === 'bfloat16' &&
    reader.listAttributes(path).includes('dtype') &&
    reader.readText(path, 'dtype') === 'bfloat16';

  const reader: Hdf5File = {
    list: tree.list,
    has: (path) => tree.find(path) !== undefined,
    dataset: (path): Hdf5Dataset => {
      const { shape, dtype, byteLength } = getHeader(path);
      return { path, shape, dtype, byteLength };
    },
    listAttributes: (path) => {
      const plain = plainAttributesOf(path);
      return plain === undefined ? askForAttributes(path) : [...plain.keys()];
    },
    readText: (path, name) => {
      const value = attribute(path, name);
      if (value === undefined) return undefined;
      if (!('texts' in value) || value.texts.length !== 1) throw notText(path, name);
      return decode(value.texts[0]!, path, name);
    },
    readTexts: (path, name) => {
      const value = attribute(path, name);
      if (value === undefined) return undefined;
      if ('texts' in value) return value.texts.map((text) => decode(text, path, name));
      if (value.elementCount > 0) throw notText(path, name);
      return [];
    },
    textKind: (path, name) => {
      const value = attribute(path, name);
      return value !== undefined && 'texts' in value ? { ...value.kind, isList: value.isList } : undefined;
    },
    *chunks({ path }) {
      const { shape, dtype, itemBytes, isChunked, valuesAddress } = getHeader(path);
      if (dtype === 'string' || dtype === 'other') throw badHdf5('a dataset that holds no numbers', path);
      const isPlain = readPlainly(tree.find(path)?.address, isPlainDataset) === true;
      let done = 0;
      for (const { block, byteLength } of listBlocks(shape, itemBytes, isChunked ? PACKED_PIECE_BYTES : CHUNK_BYTES)) {
        if (!isPlain || valuesAddress === undefined) yield thread.call('read', file(), path, block, byteLength);
        else yield bytes.read(valuesAddress + done, byteLength);
        done += byteLength;
      }
    },
  };
  return { reader, tree, getHeader, addDataset: (path, header) => headers.set(path, header) };
}

/** Opaque bytes that no attribute explains. */
const refineOpaque = ({ dtype }: DatasetHeader): Hdf5Dtype => (dtype === 'bfloat16' ? 'other' : dtype);

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array, path: string, name: string): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw badHdf5('a text is not in UTF-8', `${path}@${name}`);
  }
}

const notText = (path: string, name: string) => badHdf5('something else where a text should be', `${path}@${name}`);
