import { compareBytes } from '../compare-bytes.js';
import { joinBytes, newBytes } from '../new-bytes.js';
import { encodeUtf8, padded } from './fields.js';
import { NO_FREE_BLOCK } from './local-heap.js';
import { numberBytes, UNDEFINED_BYTES } from './number-bytes.js';
import { ENTRY_BYTES } from './symbol-table.js';

// The table of a group: a B-tree over nodes of names and their targets, and a heap that holds the names.

const NAMES_A_NODE = 8;
const CHILDREN_A_NODE = 32;
const NODE_BYTES = 8 + NAMES_A_NODE * ENTRY_BYTES;
const TREE_HEAD_BYTES = 24;
const TREE_BYTES = TREE_HEAD_BYTES + 8 * (2 * CHILDREN_A_NODE + 1);
const HEAP_HEAD_BYTES = 32;

export interface NewTable {
  readonly bytes: Uint8Array;
  /** Where its tree and its heap lie: the content of the group's message, and what an entry repeats of it. */
  readonly place: Uint8Array;
}

/** A node of the tree, or one of its leaves. */
interface Node {
  readonly address: number;
  /** Offset of the last name in or below it. */
  readonly last: number;
}

/**
 * @param targets by name what its entry says behind the name: where the object is
 * @param address where the table is to lie
 */
export function newSymbolTable(targets: ReadonlyMap<string, Uint8Array>, address: number): NewTable {
  const sorted = [...targets]
    .map(([name, target]) => ({ name: encodeUtf8(name), target }))
    .sort((left, right) => compareBytes(left.name, right.name));
  // The empty name stands first, below all others.
  const names: Uint8Array[] = [new Uint8Array(8)];
  let nameBytes = 8;
  const placed = sorted.map(({ name, target }) => {
    const offset = nameBytes;
    names.push(name, new Uint8Array(padded(name.length + 1) - name.length));
    nameBytes += padded(name.length + 1);
    return { offset, target };
  });
  const heapHead = joinBytes([
    encodeUtf8('HEAP\0\0\0\0'),
    numberBytes(nameBytes),
    numberBytes(NO_FREE_BLOCK),
    numberBytes(address + HEAP_HEAD_BYTES),
  ]);
  const parts = [heapHead, ...names];
  let end = address + HEAP_HEAD_BYTES + nameBytes;
  let level: readonly Node[] = groupsOf(placed, NAMES_A_NODE).map((group) => {
    parts.push(nameNode(group));
    end += NODE_BYTES;
    return { address: end - NODE_BYTES, last: group.at(-1)!.offset };
  });
  for (let height = 0; height === 0 || level.length > 1; height += 1) {
    const first = end;
    const groups = level.length === 0 ? [[]] : groupsOf(level, CHILDREN_A_NODE);
    level = groups.map((group, index) => {
      const left = index === 0 ? UNDEFINED_BYTES : numberBytes(first + (index - 1) * TREE_BYTES);
      const right = index === groups.length - 1 ? UNDEFINED_BYTES : numberBytes(first + (index + 1) * TREE_BYTES);
      const before = index === 0 ? 0 : groups[index - 1]!.at(-1)!.last;
      parts.push(treeNode(height, [left, right], before, group));
      end += TREE_BYTES;
      return { address: end - TREE_BYTES, last: group.at(-1)?.last ?? 0 };
    });
  }
  return { bytes: joinBytes(parts), place: joinBytes([numberBytes(level[0]!.address), numberBytes(address)]) };
}

function nameNode(entries: readonly { readonly offset: number; readonly target: Uint8Array }[]): Uint8Array {
  const { bytes: node, view } = newBytes(NODE_BYTES);
  node.set(encodeUtf8('SNOD\x01'));
  view.setUint16(6, entries.length, true);
  for (const [index, { offset, target }] of entries.entries()) {
    const start = 8 + index * ENTRY_BYTES;
    node.set(numberBytes(offset), start);
    node.set(target, start + 8);
  }
  return node;
}

function treeNode(
  level: number,
  neighbours: readonly Uint8Array[],
  before: number,
  children: readonly Node[],
): Uint8Array {
  const { bytes: node, view } = newBytes(TREE_BYTES);
  node.set(encodeUtf8('TREE'));
  view.setUint8(5, level);
  view.setUint16(6, children.length, true);
  const links = children.flatMap(({ address, last }) => [numberBytes(address), numberBytes(last)]);
  node.set(joinBytes([...neighbours, numberBytes(before), ...links]), 8);
  return node;
}

function groupsOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
