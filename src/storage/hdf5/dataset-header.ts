import { inputError } from '../../errors.js';
import {
  MAX_ELEMENTS,
  MAX_HDF5_CHUNKS,
  MAX_HDF5_PIECE_BYTES,
  MAX_UNPACKED_BYTES,
  MAX_UNPACKED_RATIO,
} from '../../limits.js';
import type { Hdf5Dtype } from '../hdf5.js';
import type { ChunkGrid } from './chunk-index.js';
import { type ChunkIndex, type DataLayout, parseLayout } from './data-layout.js';
import { type Dataspace, parseDataspace } from './dataspace.js';
import { type Datatype, parseDatatype } from './datatype.js';
import { product, UNDEFINED_ADDRESS } from './fields.js';
import { readFillValue } from './fill-value.js';
import { type Filter, parseFilters } from './filter-pipeline.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { badHdf5, damaged, unread } from './hdf5-errors.js';
import { DATASPACE, DATATYPE, EXTERNAL_FILES, FILTERS, LAYOUT } from './message-types.js';
import { findMessage, type HeaderMessage, isShared, readHeader } from './object-header.js';

/** Place of a dataset's values, checked. */
export type Values =
  | { readonly kind: 'contiguous'; readonly address: number }
  | { readonly kind: 'compact'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'chunked';
      readonly index: ChunkIndex;
      readonly grid: ChunkGrid;
      readonly filters: readonly Filter[];
    }
  | { readonly kind: 'unwritten' };

/** Contents of a dataset's header, checked to be possible. */
export interface DatasetHeader {
  readonly shape: readonly number[];
  readonly dtype: Hdf5Dtype;
  readonly itemBytes: number;
  readonly byteLength: number;
  readonly isBigEndian: boolean;
  readonly values: Values;
  /** The value where nothing was written; undefined for zeros. */
  readonly fill: Uint8Array | undefined;
}

/** A named type, which is stored elsewhere: no weight has one. */
const NAMED_TYPE: Datatype = { dtype: 'other', itemBytes: 1, isBigEndian: false, text: undefined };

/**
 * Reads a dataset's header.
 * @throws RetrofitError `unsafe-path` for values that lie in other files, `bad-hdf5` for more values than are stored
 */
export function readDatasetHeader(file: Hdf5Bytes, address: number, path: string): DatasetHeader {
  const { messages } = readHeader(file, address);
  const layout = parseLayout(contentOf(messages, LAYOUT));
  if (layout.kind === 'virtual' || messages.some(({ type }) => type === EXTERNAL_FILES)) {
    throw inputError('unsafe-path', 'a dataset whose values lie in other files', {
      where: { field: path },
      hint: 'save the model anew with Keras, so that one file holds all of it',
    });
  }
  const filters = findMessage(messages, FILTERS);
  const type = datatypeOf(messages);
  const { dtype, itemBytes, isBigEndian } = type;
  const space = parseDataspace(contentOf(messages, DATASPACE));
  const shape = space.shape ?? [0];
  const byteLength = product(shape) * itemBytes;
  if (!(byteLength <= MAX_ELEMENTS)) throw badHdf5('a dataset has more values than can be counted');
  const facts = { shape, dtype, itemBytes, byteLength, isBigEndian };
  // Their values are never read: even the size of a named type is not known.
  if (dtype === 'string' || dtype === 'other') return { ...facts, values: { kind: 'unwritten' }, fill: undefined };
  const values = valuesOf(file, layout, { ...space, shape }, facts, filters === undefined ? [] : parseFilters(filters));
  return { ...facts, values, fill: readFillValue(messages, itemBytes) };
}

function contentOf(messages: readonly HeaderMessage[], wanted: number): Uint8Array {
  const found = findMessage(messages, wanted);
  if (found === undefined) throw damaged('the header of a dataset is incomplete');
  return found;
}

function datatypeOf(messages: readonly HeaderMessage[]): Datatype {
  const found = messages.find(({ type }) => type === DATATYPE);
  if (found === undefined) throw damaged('a dataset does not say what it holds');
  return isShared(found) ? NAMED_TYPE : parseDatatype(found.content);
}

interface Claimed {
  readonly itemBytes: number;
  readonly byteLength: number;
}

function valuesOf(
  file: Hdf5Bytes,
  layout: Exclude<DataLayout, { kind: 'virtual' }>,
  space: Dataspace & { readonly shape: readonly number[] },
  { itemBytes, byteLength }: Claimed,
  filters: readonly Filter[],
): Values {
  if (layout.kind === 'chunked') {
    const grid = gridOf(layout, space, itemBytes, filters.length > 0);
    checkClaim(file, Math.max(byteLength, product(grid.counts) * grid.byteLength));
    return { kind: 'chunked', index: layout.index, grid, filters };
  }
  const stored = layout.kind === 'compact' ? layout.values.length : layout.byteLength;
  if (stored !== byteLength) {
    throw badHdf5(`a dataset has ${stored} bytes; its shape and its type ask for ${byteLength}`);
  }
  if (layout.kind === 'compact') return { kind: 'compact', bytes: layout.values };
  const { address } = layout;
  if (address === UNDEFINED_ADDRESS) {
    checkClaim(file, byteLength);
    return { kind: 'unwritten' };
  }
  if (address + stored > file.byteLength) throw damaged('a dataset reaches behind the end of the file');
  file.claim(address, stored);
  return { kind: 'contiguous', address };
}

/** Nothing was ever written, or it is packed: the size is only a claim. */
function checkClaim(file: Hdf5Bytes, byteLength: number): void {
  if (byteLength > MAX_UNPACKED_BYTES || byteLength > MAX_UNPACKED_RATIO * file.byteLength) {
    throw badHdf5(`a dataset claims ${byteLength} bytes in a file of ${file.byteLength}`);
  }
}

function gridOf(
  layout: Extract<DataLayout, { kind: 'chunked' }>,
  { shape, mostShape }: Dataspace & { readonly shape: readonly number[] },
  itemBytes: number,
  isPacked: boolean,
): ChunkGrid {
  const { chunk } = layout;
  if (layout.itemBytes !== itemBytes || chunk.length !== shape.length || chunk.length === 0) {
    throw damaged('the chunks of a dataset are of another shape than it is');
  }
  const byteLength = product(chunk) * itemBytes;
  if (byteLength > MAX_HDF5_PIECE_BYTES) throw unread(`a dataset in chunks of ${byteLength} bytes`);
  const countsOf = (sizes: readonly number[]) => sizes.map((size, axis) => Math.ceil(size / chunk[axis]!));
  const counts = countsOf(shape);
  if (product(counts) > MAX_HDF5_CHUNKS) throw unread(`a dataset in ${product(counts)} chunks`);
  return { chunk, counts, mostCounts: countsOf(mostShape), byteLength, isPacked };
}
