import type { Hdf5Dataset, Hdf5File } from '../hdf5.js';
import { type Attribute, readAttributes } from './attribute.js';
import { type DatasetHeader, readDatasetHeader } from './dataset-header.js';
import { readValues } from './dataset-values.js';
import { decodeUtf8 } from './fields.js';
import type { Inflate } from './filter-pipeline.js';
import { listGroup } from './group.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { badHdf5, inObject } from './hdf5-errors.js';
import { readHeader } from './object-header.js';
import { type Hdf5Tree, makeTree } from './object-tree.js';
import { readSuperblock } from './superblock.js';
import { readTexts, type Texts } from './texts.js';

/** The parts of a reader that an editor shares. */
export interface Hdf5View {
  readonly reader: Hdf5File;
  readonly tree: Hdf5Tree;
  /** Notes the header of a dataset that was made. */
  addDataset(path: string, header: DatasetHeader): void;
  /** @throws RetrofitError `bad-hdf5` where no dataset stands */
  getHeader(path: string): DatasetHeader;
}

/**
 * Reads a file; see {@link Hdf5File}.
 * @param file of no bytes: one that is being made
 */
export function makeView(file: Hdf5Bytes, inflate: Inflate): Hdf5View {
  const tree = makeTree(file.byteLength === 0 ? undefined : readSuperblock(file).rootAddress, (path, address) =>
    listGroup(file, path, address),
  );
  const headers = new Map<string, DatasetHeader>();

  const getHeader = (path: string): DatasetHeader => {
    const known = headers.get(path);
    if (known !== undefined) return known;
    const object = tree.find(path);
    const { address } = object ?? {};
    if (object?.kind !== 'dataset' || address === undefined) throw badHdf5('there is no such dataset', path);
    const header = inObject(path, () => readDatasetHeader(file, address, path));
    // Opaque bytes that no attribute explains are no numbers.
    const isOpaque = header.dtype === 'bfloat16' && !isBfloat16(path);
    const found: DatasetHeader = isOpaque ? { ...header, dtype: 'other' } : header;
    headers.set(path, found);
    return found;
  };

  // An object's attributes are asked for one by one, and each reading takes in all.
  let latest: { readonly path: string; readonly attributes: ReadonlyMap<string, Attribute> } | undefined;
  const attributesOf = (path: string): ReadonlyMap<string, Attribute> => {
    if (latest?.path === path) return latest.attributes;
    const object = tree.find(path);
    if (object === undefined) throw badHdf5('there is no such object', path);
    const { address } = object;
    const attributes =
      address === undefined
        ? new Map<string, Attribute>()
        : inObject(path, () => readAttributes(file, readHeader(file, address).messages));
    latest = { path, attributes };
    return attributes;
  };

  const textsOf = (path: string, attribute: Attribute): Texts | undefined =>
    inObject(`${path}@${attribute.name}`, () => readTexts(file, attribute));

  const isBfloat16 = (path: string): boolean =>
    attributesOf(path).has('dtype') && reader.readText(path, 'dtype') === 'bfloat16';

  const reader: Hdf5File = {
    list: tree.list,
    has: (path) => tree.find(path) !== undefined,
    dataset: (path): Hdf5Dataset => {
      const { shape, dtype, byteLength } = getHeader(path);
      return { path, shape, dtype, byteLength };
    },
    listAttributes: (path) => [...attributesOf(path).keys()],
    readText: (path, name) => {
      const attribute = attributesOf(path).get(name);
      if (attribute === undefined) return undefined;
      const [text, second] = textsOf(path, attribute)?.texts ?? [];
      if (text === undefined || second !== undefined) throw notText(path, name);
      return decode(text, path, name);
    },
    readTexts: (path, name) => {
      const attribute = attributesOf(path).get(name);
      if (attribute === undefined) return undefined;
      const found = textsOf(path, attribute);
      if (found === undefined && attribute.elementCount > 0) throw notText(path, name);
      return found?.texts.map((text) => decode(text, path, name)) ?? [];
    },
    textKind: (path, name) => {
      const attribute = attributesOf(path).get(name);
      return attribute && textsOf(path, attribute)?.kind;
    },
    *chunks({ path }) {
      const header = getHeader(path);
      if (header.dtype === 'string' || header.dtype === 'other') throw badHdf5('a dataset that holds no numbers', path);
      const pieces = readValues(file, header, inflate);
      const next = () => inObject(path, () => pieces.next());
      for (let piece = next(); !piece.done; piece = next()) yield piece.value;
    },
  };
  return { reader, tree, getHeader, addDataset: (path, header) => headers.set(path, header) };
}

function decode(bytes: Uint8Array, path: string, name: string): string {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw badHdf5('a text is not in UTF-8', `${path}@${name}`);
  return text;
}

const notText = (path: string, name: string) => badHdf5('something else where a text should be', `${path}@${name}`);
