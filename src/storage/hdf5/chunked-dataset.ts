import { MAX_HDF5_PIECE_BYTES } from '../../limits.js';
import { type ChunkGrid, numberOf, readChunkIndex, type StoredChunk } from './chunk-index.js';
import type { DatasetHeader, Values } from './dataset-header.js';
import { product } from './fields.js';
import { filled } from './fill-value.js';
import { type Inflate, undoFilters } from './filter-pipeline.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { unread } from './hdf5-errors.js';

type ChunkedValues = Extract<Values, { kind: 'chunked' }>;

/**
 * The values of a dataset in chunks, in bands that lie one behind the other in row-major order: a band is as high as the
 * chunks are along the first axis that they share, so each chunk belongs to one band and is unpacked once.
 */
export function* readChunked(
  file: Hdf5Bytes,
  { shape, itemBytes, fill }: DatasetHeader,
  { index, grid, filters }: ChunkedValues,
  inflate: Inflate,
): Generator<Uint8Array> {
  if (shape.includes(0)) return;
  const axis = bandAxis(grid);
  const rowBytes = product(shape.slice(axis + 1)) * itemBytes;
  const mostBytes = Math.min(grid.chunk[axis]!, shape[axis]!) * rowBytes;
  if (mostBytes > MAX_HDF5_PIECE_BYTES) throw unread(`a dataset of whose chunks ${mostBytes} bytes go together`);
  const chunks = readChunkIndex(file, index, grid);
  const unpack = ({ address, byteLength, mask }: StoredChunk): Uint8Array =>
    undoFilters(file.read(address, byteLength), filters, mask, grid.byteLength, inflate);
  for (const outer of listPositions(grid.counts.slice(0, axis + 1))) {
    const height = Math.min(grid.chunk[axis]!, shape[axis]! - outer[axis]! * grid.chunk[axis]!);
    const band = filled(height * rowBytes, fill, itemBytes);
    for (const inner of listPositions(grid.counts.slice(axis + 1))) {
      const chunk = chunks.get(numberOf([...outer, ...inner], grid.counts));
      if (chunk !== undefined) putChunk(band, unpack(chunk), inner, { axis, height, shape, itemBytes, grid });
    }
    yield band;
  }
}

/** The first axis along which a chunk holds more than one value. */
function bandAxis({ chunk }: ChunkGrid): number {
  const found = chunk.findIndex((size) => size > 1);
  return found < 0 ? chunk.length - 1 : found;
}

interface Band {
  readonly axis: number;
  readonly height: number;
  readonly shape: readonly number[];
  readonly itemBytes: number;
  readonly grid: ChunkGrid;
}

/** Puts the values of a chunk to their places in its band; those behind the dataset's edges are left out. */
function putChunk(band: Uint8Array, values: Uint8Array, position: readonly number[], facts: Band): void {
  const { axis, height, shape, itemBytes, grid } = facts;
  const inner = shape.slice(axis + 1);
  const sizes = [height, ...inner];
  const chunk = grid.chunk.slice(axis);
  const starts = [0, ...position.map((index, at) => index * chunk[at + 1]!)];
  const extents = sizes.map((size, at) => Math.min(chunk[at]!, size - starts[at]!));
  const runBytes = extents.at(-1)! * itemBytes;
  for (const row of listPositions(extents.slice(0, -1))) {
    const from = numberOf([...row, 0], chunk) * itemBytes;
    const to =
      numberOf(
        [...row, 0].map((index, at) => index + starts[at]!),
        sizes,
      ) * itemBytes;
    band.set(values.subarray(from, from + runBytes), to);
  }
}

/** All places in a box, in row-major order. */
function* listPositions(sizes: readonly number[]): Generator<readonly number[]> {
  const [size, ...inner] = sizes;
  if (size === undefined) {
    yield [];
    return;
  }
  for (let index = 0; index < size; index += 1) {
    for (const rest of listPositions(inner)) yield [index, ...rest];
  }
}
