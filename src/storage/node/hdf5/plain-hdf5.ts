import { RetrofitError } from '../../../errors.js';
import { type Hdf5Bytes, readSuperblock } from './hdf5-bytes.js';
import type { Hdf5AttributeValue, Hdf5Child, Hdf5ChildKind } from './hdf5-calls.js';
import { type HeaderMessage, readHeader } from './hdf5-header.js';
import {
  ATTRIBUTE,
  DATASPACE,
  DATATYPE,
  FILL_VALUE,
  LAYOUT,
  NOTHING,
  SYMBOL_TABLE,
  TIME_OF_CHANGE,
} from './message-types.js';
import { type PlainAttribute, plainAttributes } from './plain-attributes.js';
import { isContiguous, isNoFillValue, isPlainType, plainShape } from './plain-messages.js';
import { readAttributeValue } from './plain-texts.js';
import { listEntries, readRootEntry, type SymbolEntry } from './symbol-tables.js';

// HDF5 files of the plain kind that Keras writes, read without HDF5, whose start alone takes longer. Addresses are those
// of object headers. Each function answers undefined to whatever looks different in the least, damage included: then HDF5
// is to be asked.

/** The first block: version 0 of everything, groups of the usual width, no list of free space, no driver of its own. */
const PLAIN_START =
  /^894844460d0a1a0a00000000000808000400100000000000(00){8}(ff){8}.{16}(ff){8}(00){8}.{16}0100000000000000/;
const START_BYTES = 80;
const ANYWHERE: readonly number[] = [NOTHING, ATTRIBUTE, TIME_OF_CHANGE];
/** What stands in the header of a dataset, and how it looks. */
const IN_DATASETS: ReadonlyMap<number, (content: Buffer) => boolean> = new Map([
  [DATASPACE, (space) => plainShape(space) !== undefined],
  [DATATYPE, isPlainType],
  [FILL_VALUE, isNoFillValue],
  [LAYOUT, isContiguous],
]);

/** Undefined where the file as a whole is of another kind. */
export const plainRootAddress = (file: Hdf5Bytes): number | undefined =>
  plainly(() => {
    const isPlain = PLAIN_START.test(file.read(0, START_BYTES).toString('hex'));
    return isPlain && readSuperblock(file).end === file.byteLength ? readRootEntry(file).headerAddress : undefined;
  });

/** What stands in a group. */
export const listPlainly = (file: Hdf5Bytes, address: number): readonly Hdf5Child[] | undefined =>
  plainly(() => {
    const messages = readPlainHeader(file, address);
    if (messages === undefined || kindOf(messages) !== 'group') return undefined;
    const children: Hdf5Child[] = [];
    for (const entry of listEntries(file, messages).values()) {
      const kind = kindBehind(file, entry);
      if (kind === undefined) return undefined;
      children.push({ name: entry.name, kind, address: entry.headerAddress });
    }
    return children;
  });

/** Whether a dataset is one that HDF5 is sure to read; of others it may refuse what looks right here. */
export const isPlainDataset = (file: Hdf5Bytes, address: number): boolean | undefined =>
  plainly(() => {
    const messages = readPlainHeader(file, address);
    return messages !== undefined && kindOf(messages) === 'dataset';
  });

/** The attributes of an object, by their names and in their order. */
export const attributesPlainly = (file: Hdf5Bytes, address: number): ReadonlyMap<string, PlainAttribute> | undefined =>
  plainly(() => {
    const messages = readPlainHeader(file, address);
    return messages && plainAttributes(messages);
  });

export const valuePlainly = (file: Hdf5Bytes, attribute: PlainAttribute): Hdf5AttributeValue | undefined =>
  plainly(() => readAttributeValue(file, attribute));

/** What is wrong with a file, and whether anything is, is for HDF5 to say. */
function plainly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RetrofitError) return undefined;
    throw error;
  }
}

function readPlainHeader(file: Hdf5Bytes, address: number): readonly HeaderMessage[] | undefined {
  const { isFirstVersion, messages } = readHeader(file, address);
  return isFirstVersion && messages.every(({ flags }) => (flags & SHARED_OR_UNKNOWN) === 0) ? messages : undefined;
}

/** All flags but "constant", which says that nobody will change the message. */
const SHARED_OR_UNKNOWN = 0xfe;

function kindOf(messages: readonly HeaderMessage[]): Hdf5ChildKind | undefined {
  const own = messages.filter(({ type }) => !ANYWHERE.includes(type));
  const types = new Set(own.map(({ type }) => type));
  if (types.size < own.length) return undefined;
  if (types.has(SYMBOL_TABLE)) return types.size === 1 ? 'group' : undefined;
  const isPlain = own.every(({ type, content }) => content.length >= 4 && IN_DATASETS.get(type)?.(content));
  return isPlain && types.size === IN_DATASETS.size ? 'dataset' : undefined;
}

function kindBehind(file: Hdf5Bytes, { headerAddress, table }: SymbolEntry): Hdf5ChildKind | undefined {
  const messages = readPlainHeader(file, headerAddress);
  const kind = messages && kindOf(messages);
  if (table === undefined) return kind;
  const own = messages?.find(({ type }) => type === SYMBOL_TABLE)?.content.subarray(0, 16);
  return own?.equals(table) ? kind : undefined;
}
