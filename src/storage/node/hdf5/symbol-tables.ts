import { badHdf5, damaged, type Hdf5Bytes, numberAt, readSuperblock, UNDEFINED_ADDRESS } from './hdf5-bytes.js';
import { type HeaderMessage, readHeaderMessages } from './hdf5-header.js';
import { splitPath } from './hdf5-tree.js';
import { SYMBOL_TABLE } from './message-types.js';

/** An entry of a group's symbol table: where it lies in the file, and what it says besides its name. */
export interface SymbolEntry {
  readonly name: string;
  /** Where the part behind the name begins. */
  readonly address: number;
  /** The part behind the name: everything that the name leads to. */
  readonly target: Buffer;
  /** Where the header of the object lies. */
  readonly headerAddress: number;
  /** For groups: where the B-tree and the names of its own table lie, repeated from its header; undefined where it is not. */
  readonly table: Buffer | undefined;
}

const ROOT_ENTRY = 56;
export const ENTRY_BYTES = 40;
const NAME_BYTES = 8;
/** The entry of a group, which repeats where its table is. */
export const IS_GROUP = 1;
const FREE_HEAD_BYTES = 16;
export const NO_FREE_BLOCK = 1;
const MOST_HEAP_BYTES = 2 ** 26;
// Level 0 holds hundreds of names a node, and each level multiplies by 32.
const MOST_LEVELS = 8;

/**
 * The entries of a group in a file with superblock 0 and symbol tables, which Keras writes. Nothing is taken on trust:
 * what does not look exactly so is refused, and no node is read twice.
 * @throws RetrofitError `bad-hdf5`
 */
export function readSymbolTable(file: Hdf5Bytes, group: string): ReadonlyMap<string, SymbolEntry> {
  let entry = readRootEntry(file);
  for (const name of splitPath(group)) {
    const found = entriesBehind(file, entry).get(name);
    if (found === undefined) throw badHdf5('there is no such group', group);
    entry = found;
  }
  return entriesBehind(file, entry);
}

type SymbolTarget = Pick<SymbolEntry, 'headerAddress' | 'table'>;

/** The entry of the root group. @throws RetrofitError `bad-hdf5` for files with another superblock */
export function readRootEntry(file: Hdf5Bytes): SymbolTarget {
  if (readSuperblock(file).version !== 0) throw badHdf5('the file has no symbol tables');
  return readTarget(file.read(ROOT_ENTRY + NAME_BYTES, ENTRY_BYTES - NAME_BYTES));
}

function readTarget(target: Buffer): SymbolTarget {
  const headerAddress = numberAt(target, 0);
  const kind = target.readUInt32LE(8);
  if (kind > IS_GROUP || headerAddress === UNDEFINED_ADDRESS)
    throw badHdf5('a link where only groups and datasets can be');
  return { headerAddress, table: kind === IS_GROUP ? target.subarray(16, 32) : undefined };
}

function entriesBehind(file: Hdf5Bytes, { headerAddress, table }: SymbolTarget): ReadonlyMap<string, SymbolEntry> {
  const messages = readHeaderMessages(file, headerAddress);
  if (table !== undefined && !table.equals(tableMessage(messages))) throw damaged('a group has two symbol tables');
  return listEntries(file, messages);
}

/** The entries of a group, by its header, in the order of their names. */
export function listEntries(file: Hdf5Bytes, messages: readonly HeaderMessage[]): ReadonlyMap<string, SymbolEntry> {
  const table = tableMessage(messages);
  const names = readHeap(file, numberAt(table, 8));
  const entries = new Map<string, SymbolEntry>();
  let last: Buffer | undefined;
  for (const { address, above } of listNodes(file, numberAt(table, 0))) {
    // Where a node's names are larger than its key, they are not found.
    const most = Buffer.from(nameAt(names, above));
    for (const entry of readNode(file, address, names)) {
      const name = Buffer.from(entry.name);
      if (Buffer.compare(name, most) > 0) throw damaged('the names of a group are out of order');
      // HDF5 looks for a name by halving: others would be there for those who read all, and not be found.
      if (last !== undefined && Buffer.compare(last, name) >= 0) throw damaged('the names of a group are out of order');
      last = name;
      entries.set(entry.name, entry);
    }
  }
  return entries;
}

/** Where a group's B-tree and the heap of its names lie. */
function tableMessage(messages: readonly HeaderMessage[]): Buffer {
  const message = messages.find(({ type }) => type === SYMBOL_TABLE);
  if (message === undefined || message.isShared || message.content.length < 16) {
    throw badHdf5('a group has no symbol table');
  }
  return message.content.subarray(0, 16);
}

interface TreeNode {
  readonly address: number;
  /** Offset of the name that none in the node comes behind. */
  readonly above: number;
}

/** The nodes that hold a tree's entries. */
function listNodes(file: Hdf5Bytes, root: number): readonly TreeNode[] {
  const seen = new Set<number>();
  const visit = (address: number, expected?: number): readonly TreeNode[] => {
    if (seen.has(address)) throw damaged('a B-tree goes round in a circle');
    seen.add(address);
    const head = file.read(address, 24);
    const level = head[5]!;
    const isTree = head.toString('latin1', 0, 4) === 'TREE' && head[4] === 0 && level <= MOST_LEVELS;
    if (!isTree || (expected !== undefined && level !== expected)) throw damaged('a B-tree holds something else');
    const count = head.readUInt16LE(6);
    const keysAndChildren = file.read(address + 24, 16 * count + 8);
    const children = Array.from({ length: count }, (_, index) => ({
      address: numberAt(keysAndChildren, 16 * index + 8),
      above: numberAt(keysAndChildren, 16 * index + 16),
    }));
    return level === 0 ? children : children.flatMap((child) => visit(child.address, level - 1));
  };
  const nodes = visit(root);
  if (new Set(nodes.map(({ address }) => address)).size < nodes.length)
    throw damaged('a B-tree goes round in a circle');
  return nodes;
}

function readNode(file: Hdf5Bytes, address: number, names: Buffer): readonly SymbolEntry[] {
  const head = file.read(address, 8);
  if (head.toString('latin1', 0, 4) !== 'SNOD' || head[4] !== 1) throw damaged('a symbol table holds something else');
  const count = head.readUInt16LE(6);
  const bytes = file.read(address + 8, count * ENTRY_BYTES);
  return Array.from({ length: count }, (_, index) => {
    const start = index * ENTRY_BYTES;
    const target = bytes.subarray(start + NAME_BYTES, start + ENTRY_BYTES);
    const name = nameAt(names, numberAt(bytes, start));
    return { name, address: address + 8 + start + NAME_BYTES, target, ...readTarget(target) };
  });
}

/** The data segment of a local heap. */
function readHeap(file: Hdf5Bytes, address: number): Buffer {
  const head = file.read(address, 32);
  if (head.toString('latin1', 0, 4) !== 'HEAP' || head[4] !== 0)
    throw damaged('where names should be is something else');
  const byteLength = numberAt(head, 8);
  if (byteLength > MOST_HEAP_BYTES) throw damaged('the names of a group take more room than any');
  const names = file.read(numberAt(head, 24), byteLength);
  checkFreeList(names, numberAt(head, 16));
  return names;
}

/** What is free among the names is a chain of blocks, each with the next one's offset and its own size. */
function checkFreeList(names: Buffer, first: number): void {
  let left = Math.floor(names.length / FREE_HEAD_BYTES);
  for (let offset = first; offset !== NO_FREE_BLOCK; left -= 1) {
    if (left === 0 || offset + FREE_HEAD_BYTES > names.length) throw damaged('the names of a group have no order');
    const size = numberAt(names, offset + 8);
    if (size < FREE_HEAD_BYTES || offset + size > names.length) throw damaged('the names of a group have no order');
    offset = numberAt(names, offset);
  }
}

function nameAt(names: Buffer, offset: number): string {
  const end = offset < names.length ? names.indexOf(0, offset) : -1;
  if (end < 0) throw damaged('a name of a group has no end');
  const name = names.toString('utf8', offset, end);
  if (!Buffer.from(name).equals(names.subarray(offset, end))) throw badHdf5('a name that is not in UTF-8');
  return name;
}
