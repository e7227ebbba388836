import { numberAt, piece, sizedNumberAt, UNDEFINED_ADDRESS, u8At, u16At, u32At } from './fields.js';
import { badHdf5, damaged, unread } from './hdf5-errors.js';

/** Index by which the place of each chunk is found. */
export type ChunkIndex =
  | { readonly kind: 'b-tree' | 'implicit' | 'fixed array'; readonly address: number }
  | {
      readonly kind: 'single';
      readonly address: number;
      readonly byteLength: number | undefined;
      readonly mask: number;
    };

/** Place of a dataset's values, from its header. */
export type DataLayout =
  | { readonly kind: 'compact'; readonly values: Uint8Array }
  /** `address`: infinite where nothing was written. */
  | { readonly kind: 'contiguous'; readonly address: number; readonly byteLength: number }
  | {
      readonly kind: 'chunked';
      readonly chunk: readonly number[];
      readonly itemBytes: number;
      readonly index: ChunkIndex;
    }
  | { readonly kind: 'virtual' };

const COMPACT = 0;
const CONTIGUOUS = 1;
const CHUNKED = 2;
const VIRTUAL = 3;
const EDGES_ARE_PLAIN = 1;
const SINGLE_IS_PACKED = 2;
const UNREAD_INDEXES: ReadonlyMap<number, string> = new Map([
  [4, 'extensible array'],
  [5, 'B-tree of version 2'],
]);

/** @throws RetrofitError `bad-hdf5` */
export function parseLayout(layout: Uint8Array): DataLayout {
  const [version, kind] = [u8At(layout, 0), u8At(layout, 1)];
  if (version < 3 || version > 5) throw badHdf5(`HDF5 layout version ${version} is not known`);
  if (kind === COMPACT) return { kind: 'compact', values: piece(layout, 4, u16At(layout, 2)) };
  if (kind === CONTIGUOUS)
    return { kind: 'contiguous', address: numberAt(layout, 2), byteLength: numberAt(layout, 10) };
  if (kind === CHUNKED && version === 3) return parseEarlyChunks(layout);
  if (kind === CHUNKED && version === 4) return parseLaterChunks(layout);
  if (kind === CHUNKED) throw unread('a dataset in chunks of the latest kind');
  if (kind === VIRTUAL) return { kind: 'virtual' };
  throw damaged('the layout of a dataset is of an unknown kind');
}

function parseEarlyChunks(layout: Uint8Array): DataLayout {
  const sizes = Array.from({ length: u8At(layout, 2) }, (_, axis) => u32At(layout, 11 + 4 * axis));
  return chunked(sizes, { kind: 'b-tree', address: numberAt(layout, 3) });
}

function parseLaterChunks(layout: Uint8Array): DataLayout {
  const [flags, axes, sizeBytes] = [u8At(layout, 2), u8At(layout, 3), u8At(layout, 4)];
  if (sizeBytes < 1 || sizeBytes > 8) throw damaged('the layout of a dataset is of an unknown kind');
  if ((flags & EDGES_ARE_PLAIN) !== 0) throw unread('a dataset whose chunks at the edges are not packed');
  const sizes = Array.from({ length: axes }, (_, axis) => sizedNumberAt(layout, 5 + sizeBytes * axis, sizeBytes));
  const place = 5 + sizeBytes * axes;
  return chunked(sizes, parseIndex(layout, place, (flags & SINGLE_IS_PACKED) !== 0));
}

function parseIndex(layout: Uint8Array, place: number, isPacked: boolean): ChunkIndex {
  const kind = u8At(layout, place);
  if (kind === 1) {
    const [byteLength, mask] = isPacked ? [numberAt(layout, place + 1), u32At(layout, place + 9)] : [undefined, 0];
    return { kind: 'single', address: numberAt(layout, place + (isPacked ? 13 : 1)), byteLength, mask };
  }
  if (kind === 2) return { kind: 'implicit', address: numberAt(layout, place + 1) };
  if (kind === 3) return { kind: 'fixed array', address: numberAt(layout, place + 2) };
  const name = UNREAD_INDEXES.get(kind);
  if (name === undefined) throw damaged('the layout of a dataset is of an unknown kind');
  throw unread(`a dataset whose chunks are found by an ${name}`.replace('an B', 'a B'));
}

/** The last size is that of a value. */
function chunked(sizes: readonly number[], index: ChunkIndex): DataLayout {
  const [itemBytes, ...backwards] = sizes.toReversed();
  if (itemBytes === undefined || sizes.includes(0) || sizes.includes(UNDEFINED_ADDRESS)) {
    throw damaged('the chunks of a dataset have no size');
  }
  return { kind: 'chunked', chunk: backwards.reverse(), itemBytes, index };
}
