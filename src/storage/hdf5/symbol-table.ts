import { compareBytes, isSame } from '../compare-bytes.js';
import { listChildren } from './b-tree.js';
import { decodeName, hasSignature, numberAt, piece, u16At, u32At } from './fields.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { badHdf5, damaged } from './hdf5-errors.js';
import { readNames } from './local-heap.js';
import { SYMBOL_TABLE } from './message-types.js';
import { findMessage, type HeaderMessage, readHeader } from './object-header.js';
import { splitPath } from './object-tree.js';
import { readSuperblock } from './superblock.js';

/** An entry of a group's symbol table: its place in the file, and its fields besides the name. */
export interface SymbolEntry {
  readonly name: string;
  /** Where the part behind the name begins. */
  readonly address: number;
  /** The part behind the name: everything that the name leads to. */
  readonly target: Uint8Array;
  /** Where the header of the object lies; it means nothing for a link. */
  readonly headerAddress: number;
  /** For groups: addresses of its own table's B-tree and names, repeated from its header; undefined elsewhere. */
  readonly table: Uint8Array | undefined;
  readonly isSoftLink: boolean;
}

export const ENTRY_BYTES = 40;
const NAME_BYTES = 8;
const TARGET_BYTES = ENTRY_BYTES - NAME_BYTES;
/** The entry of a group, which repeats where its table is. */
export const IS_GROUP = 1;
const IS_SOFT_LINK = 2;
const NODE_HEAD_BYTES = 8;
const TREE_KEY_BYTES = 8;

/**
 * The entries of a group by its path, in a file whose groups have symbol tables.
 * @throws RetrofitError `bad-hdf5`
 */
export function readSymbolTable(file: Hdf5Bytes, group: string): ReadonlyMap<string, SymbolEntry> {
  const { rootEntry } = readSuperblock(file);
  if (rootEntry === undefined) throw badHdf5('the file has no symbol tables');
  let entry: SymbolTarget = readTarget(file.read(rootEntry + NAME_BYTES, TARGET_BYTES));
  for (const name of splitPath(group)) {
    const found = entriesBehind(file, entry).get(name);
    if (found === undefined) throw badHdf5('there is no such group', group);
    entry = found;
  }
  return entriesBehind(file, entry);
}

type SymbolTarget = Pick<SymbolEntry, 'headerAddress' | 'table' | 'isSoftLink'>;

function readTarget(target: Uint8Array): SymbolTarget {
  const kind = u32At(target, 8);
  if (kind > IS_SOFT_LINK) throw damaged('an entry of a group is of an unknown kind');
  return {
    headerAddress: numberAt(target, 0),
    table: kind === IS_GROUP ? piece(target, 16, 16) : undefined,
    isSoftLink: kind === IS_SOFT_LINK,
  };
}

function entriesBehind(file: Hdf5Bytes, entry: SymbolTarget): ReadonlyMap<string, SymbolEntry> {
  const { messages } = readHeader(file, entry.headerAddress);
  checkTable(entry, messages);
  return listHardLinks(file, messages);
}

/** Lists the entries of a table that must have hard links alone: new entries cannot be soft links. */
export function listHardLinks(file: Hdf5Bytes, messages: readonly HeaderMessage[]): ReadonlyMap<string, SymbolEntry> {
  const entries = listEntries(file, messages);
  if ([...entries.values()].some(({ isSoftLink }) => isSoftLink))
    throw badHdf5('a link where only groups and datasets can be');
  return entries;
}

/** Checks that an entry repeats the symbol table of the header it leads to, if that still has one. */
export function checkTable({ table }: SymbolTarget, messages: readonly HeaderMessage[]): void {
  const own = findMessage(messages, SYMBOL_TABLE);
  if (table !== undefined && own !== undefined && !isSame(table, piece(own, 0, 16))) {
    throw damaged('a group has two symbol tables');
  }
}

/** The entries of a group, by its header, in the order of their names. */
export function listEntries(file: Hdf5Bytes, messages: readonly HeaderMessage[]): ReadonlyMap<string, SymbolEntry> {
  const table = tableMessage(messages);
  const names = readNames(file, numberAt(table, 8));
  const entries = new Map<string, SymbolEntry>();
  const seen = new Set<number>();
  const keyOf = (key: Uint8Array): Uint8Array => names.bytesAt(numberAt(key, 0));
  let last: Uint8Array | undefined;
  for (const { address, bounds } of listChildren(file, numberAt(table, 0), 0, TREE_KEY_BYTES)) {
    if (seen.has(address)) throw damaged('a B-tree goes round in a circle');
    seen.add(address);
    const limits = bounds.map(({ before, behind }) => [keyOf(before), keyOf(behind)] as const);
    for (const { offset, ...entry } of readNode(file, address)) {
      const name = names.bytesAt(offset);
      const isBetween = limits.every(([least, most]) => compareBytes(name, least) > 0 && compareBytes(name, most) <= 0);
      // HDF5 looks for a name by halving: others would be there for those who read all, and not be found.
      if (!isBetween || (last !== undefined && compareBytes(last, name) >= 0)) {
        throw damaged('the names of a group are out of order');
      }
      last = name;
      const text = decodeName(name);
      entries.set(text, { name: text, ...entry });
    }
  }
  return entries;
}

/** Returns the addresses of a group's B-tree and of the heap of its names. */
function tableMessage(messages: readonly HeaderMessage[]): Uint8Array {
  const message = findMessage(messages, SYMBOL_TABLE);
  if (message === undefined) throw badHdf5('a group has no symbol table');
  return piece(message, 0, 16);
}

function readNode(file: Hdf5Bytes, address: number): readonly (Omit<SymbolEntry, 'name'> & { offset: number })[] {
  const head = file.read(address, NODE_HEAD_BYTES);
  if (!hasSignature(head, 'SNOD') || head[4] !== 1) throw damaged('a symbol table holds something else');
  const count = u16At(head, 6);
  file.claim(address, NODE_HEAD_BYTES + count * ENTRY_BYTES);
  const bytes = file.read(address + NODE_HEAD_BYTES, count * ENTRY_BYTES);
  return Array.from({ length: count }, (_, index) => {
    const start = index * ENTRY_BYTES;
    const target = bytes.subarray(start + NAME_BYTES, start + ENTRY_BYTES);
    return {
      offset: numberAt(bytes, start),
      address: address + NODE_HEAD_BYTES + start + NAME_BYTES,
      target,
      ...readTarget(target),
    };
  });
}
