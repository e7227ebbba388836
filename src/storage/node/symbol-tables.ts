import { badHdf5, damaged, type Hdf5Bytes, numberAt, readSuperblock, UNDEFINED_ADDRESS } from './hdf5-bytes.js';
import { readHeaderMessages } from './hdf5-header.js';
import { splitPath } from './hdf5-tree.js';

/** An entry of a group's symbol table: where it lies in the file, and what it says besides its name. */
export interface SymbolEntry {
  readonly name: string;
  /** Where the part behind the name begins. */
  readonly address: number;
  /** The part behind the name: everything that the name leads to. */
  readonly target: Buffer;
}

const ROOT_ENTRY = 56;
const ENTRY_BYTES = 40;
const NAME_BYTES = 8;
const SYMBOL_TABLE = 0x0011;
const MOST_HEAP_BYTES = 2 ** 26;
// Level 0 holds hundreds of names a node, and each level multiplies by 32.
const MOST_LEVELS = 8;

/**
 * The entries of a group in a file with superblock 0 and symbol tables, which Keras writes. Nothing is taken on trust:
 * what does not look exactly so is refused, and no node is read twice.
 * @throws RetrofitError `bad-hdf5`
 */
export function readSymbolTable(file: Hdf5Bytes, group: string): ReadonlyMap<string, SymbolEntry> {
  if (readSuperblock(file).version !== 0) throw badHdf5('the file has no symbol tables');
  let entry = file.read(ROOT_ENTRY + NAME_BYTES, ENTRY_BYTES - NAME_BYTES);
  for (const name of splitPath(group)) {
    const found = listEntries(file, entry).get(name);
    if (found === undefined) throw badHdf5('there is no such group', group);
    entry = found.target;
  }
  return listEntries(file, entry);
}

function listEntries(file: Hdf5Bytes, group: Buffer): ReadonlyMap<string, SymbolEntry> {
  const [tree, heap] = tableOf(file, group);
  const names = readHeap(file, heap);
  const entries = new Map<string, SymbolEntry>();
  for (const node of listNodes(file, tree)) {
    for (const entry of readNode(file, node, names)) {
      if (entries.has(entry.name)) throw damaged('a group holds a name twice');
      entries.set(entry.name, entry);
    }
  }
  return entries;
}

/** Where a group's B-tree and the heap of its names lie. */
function tableOf(file: Hdf5Bytes, entry: Buffer): readonly [tree: number, heap: number] {
  const message = readHeaderMessages(file, numberAt(entry, 0)).find(({ type }) => type === SYMBOL_TABLE);
  if (message === undefined || message.isShared || message.content.length < 16) {
    throw badHdf5('a group has no symbol table');
  }
  const isCached = entry.readUInt32LE(8) === 1;
  if (isCached && !entry.subarray(16, 32).equals(message.content.subarray(0, 16))) {
    throw damaged('a group has two symbol tables');
  }
  return [numberAt(message.content, 0), numberAt(message.content, 8)];
}

/** Addresses of the nodes that hold a tree's entries. */
function listNodes(file: Hdf5Bytes, root: number): readonly number[] {
  const seen = new Set<number>();
  const visit = (address: number, expected?: number): readonly number[] => {
    if (seen.has(address)) throw damaged('a B-tree goes round in a circle');
    seen.add(address);
    const head = file.read(address, 24);
    const level = head[5]!;
    const isTree = head.toString('latin1', 0, 4) === 'TREE' && head[4] === 0 && level <= MOST_LEVELS;
    if (!isTree || (expected !== undefined && level !== expected)) throw damaged('a B-tree holds something else');
    const count = head.readUInt16LE(6);
    const keysAndChildren = file.read(address + 24, 16 * count);
    const children = Array.from({ length: count }, (_, index) => numberAt(keysAndChildren, 16 * index + 8));
    return level === 0 ? children : children.flatMap((child) => visit(child, level - 1));
  };
  const nodes = visit(root);
  if (new Set(nodes).size < nodes.length) throw damaged('a B-tree goes round in a circle');
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
    const isLink = target.readUInt32LE(8) > 1 || numberAt(target, 0) === UNDEFINED_ADDRESS;
    if (isLink) throw badHdf5('a link where only groups and datasets can be');
    return { name: nameAt(names, numberAt(bytes, start)), address: address + 8 + start + NAME_BYTES, target };
  });
}

/** The data segment of a local heap. */
function readHeap(file: Hdf5Bytes, address: number): Buffer {
  const head = file.read(address, 32);
  if (head.toString('latin1', 0, 4) !== 'HEAP' || head[4] !== 0)
    throw damaged('where names should be is something else');
  const byteLength = numberAt(head, 8);
  if (byteLength > MOST_HEAP_BYTES) throw damaged('the names of a group take more room than any');
  return file.read(numberAt(head, 24), byteLength);
}

function nameAt(names: Buffer, offset: number): string {
  const end = offset < names.length ? names.indexOf(0, offset) : -1;
  if (end < 0) throw damaged('a name of a group has no end');
  return names.toString('utf8', offset, end);
}
