import { listChildren } from './b-tree.js';
import type { ChunkIndex } from './data-layout.js';
import { numberAt, product, UNDEFINED_ADDRESS, u32At } from './fields.js';
import { listFixedArray } from './fixed-array.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { damaged } from './hdf5-errors.js';

/** Place of a chunk as it is stored. */
export interface StoredChunk {
  readonly address: number;
  readonly byteLength: number;
  /** A bit for each filter that was left out. */
  readonly mask: number;
}

/** The chunks of a dataset: how many there are along each axis, and what each is. */
export interface ChunkGrid {
  /** Sizes of a chunk. */
  readonly chunk: readonly number[];
  /** Chunks along each axis, and as many as there may be. */
  readonly counts: readonly number[];
  readonly mostCounts: readonly number[];
  /** Bytes of a chunk when it is unpacked. */
  readonly byteLength: number;
  readonly isPacked: boolean;
}

/** The chunks that are there, by their number in row-major order. @throws RetrofitError `bad-hdf5` */
export function readChunkIndex(file: Hdf5Bytes, index: ChunkIndex, grid: ChunkGrid): ReadonlyMap<number, StoredChunk> {
  const chunks = new Map<number, StoredChunk>();
  if (index.address === UNDEFINED_ADDRESS) return chunks;
  for (const [position, chunk] of listChunks(file, index, grid)) {
    if (chunk.address === UNDEFINED_ADDRESS || !isWithin(position, grid.counts)) continue;
    if (!grid.isPacked && chunk.byteLength !== grid.byteLength)
      throw damaged('a chunk has another size than it should have');
    if (!(chunk.address + chunk.byteLength <= file.byteLength))
      throw damaged('a chunk reaches behind the end of the file');
    file.claim(chunk.address, chunk.byteLength);
    chunks.set(numberOf(position, grid.counts), chunk);
  }
  return chunks;
}

type Placed = readonly [position: readonly number[], chunk: StoredChunk];

function listChunks(file: Hdf5Bytes, index: ChunkIndex, grid: ChunkGrid): Iterable<Placed> {
  const { address } = index;
  const { counts, byteLength } = grid;
  if (index.kind === 'b-tree') return listTree(file, address, grid);
  if (index.kind === 'single') {
    return [[counts.map(() => 0), { address, byteLength: index.byteLength ?? byteLength, mask: index.mask }]];
  }
  return index.kind === 'implicit' ? listInRow(address, grid) : listArray(file, address, grid);
}

/** Chunks that lie one behind the other, as many as there may be. */
function* listInRow(address: number, { counts, mostCounts, byteLength }: ChunkGrid): Generator<Placed> {
  for (let number = 0; number < product(counts); number += 1) {
    const position = positionOf(number, counts);
    yield [position, { address: address + numberOf(position, mostCounts) * byteLength, byteLength, mask: 0 }];
  }
}

function* listArray(file: Hdf5Bytes, address: number, grid: ChunkGrid): Generator<Placed> {
  const { mostCounts, byteLength, isPacked } = grid;
  for (const [number, chunk] of listFixedArray(file, address, isPacked)) {
    if (number >= product(mostCounts)) throw damaged('a dataset has more chunks than it may have');
    yield [positionOf(number, mostCounts), { ...chunk, byteLength: chunk.byteLength ?? byteLength }];
  }
}

/** The key of a chunk in a B-tree: its size as it is stored, the filters left out, and its first value's place. */
function* listTree(file: Hdf5Bytes, root: number, { chunk }: ChunkGrid): Generator<Placed> {
  // The last axis is that of a value's bytes.
  const sizes = [...chunk, 1];
  const placeOf = (key: Uint8Array) => sizes.map((_, axis) => numberAt(key, 8 + 8 * axis));
  let last: readonly number[] | undefined;
  for (const { address, bounds } of listChildren(file, root, 1, 8 + 8 * sizes.length)) {
    const key = bounds.at(-1)!.before;
    const place = placeOf(key);
    const isFound = bounds.every(
      ({ before, behind }) => !isBefore(place, placeOf(before)) && isBefore(place, placeOf(behind)),
    );
    const position = chunk.map((size, axis) => place[axis]! / size);
    const isPlace = isFound && position.every(Number.isInteger) && place.at(-1) === 0;
    if (!isPlace || (last !== undefined && !isBefore(last, place))) {
      throw damaged('the chunks of a dataset are out of order');
    }
    last = place;
    yield [position, { address, byteLength: u32At(key, 0), mask: u32At(key, 4) }];
  }
}

function isBefore(left: readonly number[], right: readonly number[]): boolean {
  const axis = left.findIndex((size, index) => size !== right[index]);
  return axis >= 0 && left[axis]! < right[axis]!;
}

const isWithin = (position: readonly number[], counts: readonly number[]): boolean =>
  position.every((index, axis) => index < counts[axis]!);

/** The number of a place in row-major order. */
export const numberOf = (position: readonly number[], counts: readonly number[]): number =>
  position.reduce((number, index, axis) => number * counts[axis]! + index, 0);

function positionOf(number: number, counts: readonly number[]): readonly number[] {
  let rest = number;
  return counts
    .toReversed()
    .map((count) => {
      const index = rest % count;
      rest = Math.floor(rest / count);
      return index;
    })
    .reverse();
}
