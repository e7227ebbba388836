import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32c, masked } from '../../src/formats/saved-model/crc32c.js';
import { readTable } from '../../src/formats/saved-model/sstable.js';
import { readFields } from '../../src/formats/saved-model/wire.js';

// Checkpoints taken apart, changed and put together again, checksums and all: what a hostile program can write.

/** A folder of fixtures/saved-model: its files by their paths. */
export const savedModelFixture = (name: string): Map<string, Uint8Array> => filesUnder(fixturePath(name));

/** The files of a folder, by their paths in it. */
export function filesUnder(folder: string): Map<string, Uint8Array> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true });
  return new Map(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1).replaceAll('\\', '/'), new Uint8Array(readFileSync(path))]),
  );
}

export const fixturePath = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/saved-model/${name}`, import.meta.url));

export function varint(value: number): readonly number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return [...bytes, left];
}

/** A field of a message: a number, or a text, bytes or a message. */
export function field(number: number, value: number | string | Uint8Array): Uint8Array {
  if (typeof value === 'number') return Uint8Array.from([...varint(number * 8), ...varint(value)]);
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return joined(Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes);
}

const fixed32 = (number: number, value: number): Uint8Array =>
  joined(Uint8Array.from(varint(number * 8 + 5)), littleEndian(value));

export const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

function littleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** How a table is written. */
export interface TableOptions {
  /** The kind that its blocks say they are of: 1 is compressed. */
  readonly kind?: number;
  /** Entries in a block. */
  readonly most?: number;
}

/** A table of entries, which shares no beginnings of keys. */
export function writeTable(
  entries: Iterable<readonly [string, Uint8Array]>,
  { kind = 0, most = 7 }: TableOptions = {},
): Uint8Array {
  const blocks: Uint8Array[] = [];
  let end = 0;
  const add = (contents: Uint8Array): Uint8Array => {
    const typed = joined(contents, Uint8Array.of(kind));
    blocks.push(typed, littleEndian(masked(crc32c(typed))));
    const handle = Uint8Array.from([...varint(end), ...varint(contents.length)]);
    end += contents.length + 5;
    return handle;
  };
  const block = (rows: readonly (readonly [string, Uint8Array])[]): Uint8Array =>
    joined(
      ...rows.flatMap(([key, value]) => {
        const name = new TextEncoder().encode(key);
        return [Uint8Array.from([0, ...varint(name.length), ...varint(value.length)]), name, value];
      }),
      littleEndian(0),
      littleEndian(1),
    );
  const all = [...entries];
  const index: [string, Uint8Array][] = [];
  for (let start = 0; start < all.length; start += most) {
    const rows = all.slice(start, start + most);
    index.push([rows.at(-1)![0], add(block(rows))]);
  }
  const handles = joined(add(block([])), add(block(index)));
  const magic = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
  return joined(...blocks, handles, new Uint8Array(40 - handles.length), Uint8Array.from(magic));
}

/** An entry of the index, as its message says it. */
export interface Entry {
  dtype: number;
  shape: readonly number[];
  shard: number;
  offset: number;
  size: number;
  checksum: number;
  /** More fields. */
  extra: Uint8Array;
}

export interface Node {
  children: (readonly [name: string, id: number])[];
  attributes: { name: string; fullName: string; key: string }[];
}

/** A checkpoint taken apart. */
export interface Parts {
  header: Uint8Array;
  entries: Map<string, Entry>;
  nodes: Node[];
  /** The file of the values, of which there is one. */
  data: Uint8Array;
}

export const GRAPH_KEY = '_CHECKPOINTABLE_OBJECT_GRAPH';
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

export function takeApart(index: Uint8Array, data: Uint8Array): Parts {
  const table = readTable(index);
  const entries = new Map<string, Entry>();
  for (const [key, value] of table) if (key !== '') entries.set(key, readEntry(value));
  const { offset, size } = entries.get(GRAPH_KEY)!;
  entries.delete(GRAPH_KEY);
  const bytes = data.subarray(offset, offset + size);
  const start = bytes.findIndex((byte) => byte < 0x80) + 5;
  const nodes = [...readFields(bytes.subarray(start), '')].map((node) => readNode(node.bytes));
  return { header: table.get('')!, entries, nodes, data };
}

function readEntry(bytes: Uint8Array): Entry {
  const entry: Entry = { dtype: 0, shape: [], shard: 0, offset: 0, size: 0, checksum: 0, extra: new Uint8Array() };
  for (const { number, value, bytes: inner } of readFields(bytes, '')) {
    if (number === 1) entry.dtype = value;
    if (number === 2)
      entry.shape = [...readFields(inner, '')].map((dim) => [...readFields(dim.bytes, '')][0]?.value ?? 0);
    if (number === 3) entry.shard = value;
    if (number === 4) entry.offset = value;
    if (number === 5) entry.size = value;
    if (number === 6) entry.checksum = value;
  }
  return entry;
}

const writeEntry = ({ dtype, shape, shard, offset, size, checksum, extra }: Entry): Uint8Array =>
  joined(
    field(1, dtype),
    field(2, joined(...shape.map((length) => field(2, field(1, length))))),
    field(3, shard),
    field(4, offset),
    field(5, size),
    fixed32(6, checksum),
    extra,
  );

function readNode(bytes: Uint8Array): Node {
  const node: Node = { children: [], attributes: [] };
  for (const { number, bytes: inner } of readFields(bytes, '')) {
    const parts = [...readFields(inner, '')];
    const part = (at: number) => parts.find((one) => one.number === at);
    const said = (at: number) => text(part(at)?.bytes ?? new Uint8Array());
    if (number === 1) node.children.push([said(2), part(1)?.value ?? 0]);
    if (number === 2) node.attributes.push({ name: said(1), fullName: said(2), key: said(3) });
  }
  return node;
}

const writeNode = ({ children, attributes }: Node): Uint8Array =>
  joined(
    ...children.map(([name, id]) => field(1, joined(field(1, id), field(2, name)))),
    ...attributes.map(({ name, fullName, key }) => field(2, joined(field(1, name), field(2, fullName), field(3, key)))),
  );

/** The two files of a checkpoint; the object graph comes last among the values. */
export function putTogether(
  { header, entries, nodes, data }: Parts,
  options?: TableOptions,
): { readonly index: Uint8Array; readonly data: Uint8Array } {
  const graph = joined(...nodes.map((node) => field(1, writeNode(node))));
  const checksum = littleEndian(masked(crc32c(littleEndian(graph.length))));
  const value = joined(Uint8Array.from(varint(graph.length)), checksum, graph);
  const crc = masked(crc32c(joined(littleEndian(graph.length), checksum, graph)));
  const entry = { dtype: 7, shape: [], shard: 0, offset: data.length, size: value.length, checksum: crc };
  const all = new Map([...entries, [GRAPH_KEY, { ...entry, extra: new Uint8Array() }]]);
  const sorted = [...all].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const rows = sorted.map(([key, one]) => [key, writeEntry(one)] as const);
  return { index: writeTable([['', header], ...rows], options), data: joined(data, value) };
}
