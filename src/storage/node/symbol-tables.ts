import { readSync, writeSync } from 'node:fs';
import type { Hdf5Renaming } from '../hdf5.js';
import { damaged } from './hdf5-file.js';
import type { FileWindow } from './hdf5-module.js';

// Keras writes groups as symbol tables: a B-tree of nodes with entries of 40 bytes, the names in a heap of their own.
// An entry is its name's place (8 bytes) and what stands under the name (32): two objects exchange their names by an
// exchange of those 32 bytes. Source: HDF5 File Format Specification 2.0/3.0, III.A.1, III.B, III.C, III.D, IV.A.2.r.

const SUPERBLOCK_BYTES = 96;
const ROOT_ENTRY = 56;
const ENTRY_BYTES = 40;
const NAME_BYTES = 8;
const HAS_TABLE = 1;
const SYMBOL_TABLE_MESSAGE = 0x0011;
const CONTINUATION_MESSAGE = 0x0010;
const MOST_NODES = 100_000;
const MOST_HEADER_BLOCKS = 64;

/** Where a name's entry stands in the file. */
type Entries = ReadonlyMap<string, number>;

interface GroupTable {
  readonly tree: number;
  readonly heap: number;
}

/** Whether all these groups are kept in symbol tables, in a file of the oldest kind. */
export function hasSymbolTables(window: FileWindow, groups: readonly string[]): boolean {
  try {
    for (const group of groups) entriesOf(window, group);
    return true;
  } catch {
    return false;
  }
}

/** Gives the objects of a group other names: a permutation of the names that are there. */
export function renameEntries(window: FileWindow, { group, renames }: Hdf5Renaming): void {
  const entries = entriesOf(window, group);
  const targets = new Set(renames.values());
  const isPermutation =
    targets.size === renames.size && [...renames.keys()].every((name) => targets.has(name) && entries.has(name));
  if (!isPermutation) throw damaged(`the names in "${group}" are not those that were to be exchanged`);
  const contents = new Map(
    [...renames.keys()].map((name) => [name, read(window, entries.get(name)! + NAME_BYTES, ENTRY_BYTES - NAME_BYTES)]),
  );
  for (const [from, to] of renames) if (from !== to) write(window, entries.get(to)! + NAME_BYTES, contents.get(from)!);
}

function entriesOf(window: FileWindow, group: string): Entries {
  const superblock = read(window, 0, SUPERBLOCK_BYTES);
  const isOldest = superblock.readUInt8(8) === 0 && superblock.readUInt8(13) === 8 && superblock.readUInt8(14) === 8;
  if (!superblock.subarray(1, 4).equals(Buffer.from('HDF')) || !isOldest || address(superblock, 24) !== 0) {
    throw damaged('the file is not built as Keras builds it');
  }
  let entries = tableEntries(window, tableAt(window, ROOT_ENTRY));
  for (const segment of group.split('/').slice(1)) {
    const entry = entries.get(segment);
    if (entry === undefined) throw damaged(`"${group}" is not there`);
    entries = tableEntries(window, tableAt(window, entry));
  }
  return entries;
}

/** The symbol table that an entry leads to: named in the entry itself, or in the header of its object. */
function tableAt(window: FileWindow, at: number): GroupTable {
  const entry = read(window, at, ENTRY_BYTES);
  if (entry.readUInt32LE(16) === HAS_TABLE) return { tree: address(entry, 24), heap: address(entry, 32) };
  return tableInHeader(window, address(entry, 8));
}

function tableInHeader(window: FileWindow, at: number): GroupTable {
  const prefix = read(window, at, 16);
  if (prefix.readUInt8(0) !== 1) throw damaged('an object header of another kind');
  const blocks = [{ start: at + 16, length: prefix.readUInt32LE(8) }];
  for (let index = 0; index < blocks.length; index++) {
    const { start, length } = blocks[index]!;
    const block = read(window, start, length);
    for (let position = 0; position + 8 <= length; ) {
      const type = block.readUInt16LE(position);
      const size = block.readUInt16LE(position + 2);
      const body = position + 8;
      if (body + size > length) throw damaged('a header message beyond its header');
      if (type === SYMBOL_TABLE_MESSAGE && size >= 16)
        return { tree: address(block, body), heap: address(block, body + 8) };
      if (type === CONTINUATION_MESSAGE && size >= 16) {
        if (blocks.length > MOST_HEADER_BLOCKS) throw damaged('an object header without end');
        blocks.push({ start: address(block, body), length: address(block, body + 8) });
      }
      position = body + size;
    }
  }
  throw damaged('a group that is no symbol table');
}

function tableEntries(window: FileWindow, { tree, heap }: GroupTable): Entries {
  const heapHeader = read(window, heap, 32);
  expectSignature(heapHeader, 'HEAP');
  const names = read(window, address(heapHeader, 24), address(heapHeader, 8));
  const entries = new Map<string, number>();
  const nodes = [tree];
  for (let index = 0; index < nodes.length; index++) {
    if (nodes.length > MOST_NODES) throw damaged('a directory without end');
    const head = read(window, nodes[index]!, 24);
    expectSignature(head, 'TREE');
    const level = head.readUInt8(5);
    const count = head.readUInt16LE(6);
    // Keys and children take turns, a key first.
    const body = read(window, nodes[index]! + 24, count * 16 + 8);
    for (let child = 0; child < count; child++) {
      const at = address(body, 8 + child * 16);
      if (level > 0) nodes.push(at);
      else addEntries(window, at, names, entries);
    }
  }
  return entries;
}

function addEntries(window: FileWindow, at: number, names: Buffer, entries: Map<string, number>): void {
  const head = read(window, at, 8);
  expectSignature(head, 'SNOD');
  const count = head.readUInt16LE(6);
  const body = read(window, at + 8, count * ENTRY_BYTES);
  for (let index = 0; index < count; index++) {
    const start = address(body, index * ENTRY_BYTES);
    const end = names.indexOf(0, start);
    if (start >= names.length || end < 0) throw damaged('a name outside of its heap');
    const name = names.toString('utf8', start, end);
    if (entries.has(name)) throw damaged(`the name "${name}" stands twice in a group`);
    entries.set(name, at + 8 + index * ENTRY_BYTES);
  }
}

function expectSignature(bytes: Buffer, signature: string): void {
  if (bytes.toString('latin1', 0, 4) !== signature) throw damaged(`no ${signature} where one should be`);
}

function address(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged('an address past the end of the file');
  return Number(value);
}

// Directories are small: a larger stretch than this is no directory.
const MOST_BYTES = 64 * 2 ** 20;

function read(
  { descriptor, byteOffset, byteLength = Number.MAX_SAFE_INTEGER }: FileWindow,
  at: number,
  length: number,
): Buffer {
  if (length > MOST_BYTES || at + length > byteLength) throw damaged('an address past the end of the file');
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const count = readSync(descriptor, bytes, done, length - done, byteOffset + at + done);
    if (count === 0) throw damaged('an address past the end of the file');
    done += count;
  }
  return bytes;
}

function write({ descriptor, byteOffset }: FileWindow, at: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(descriptor, bytes, done, bytes.length - done, byteOffset + at + done);
}
