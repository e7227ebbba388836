import { CHECKSUM_BYTES, padded, u8At, u16At, u32At } from './fields.js';
import { damaged, unread } from './hdf5-errors.js';

/** Undoes gzip: the bytes, or undefined where they are damaged or more than `mostBytes`. */
export type Inflate = (packed: Uint8Array, mostBytes: number) => Uint8Array | undefined;

/** A filter of a dataset's chunks, in the order in which they were applied. */
export interface Filter {
  readonly id: number;
  /** The size of a value, for shuffling. */
  readonly parameter: number;
}

const GZIP = 1;
const SHUFFLE = 2;
const CHECKSUM = 3;
const FIRST_WITH_NAME = 256;
const MOST_FILTERS = 32;

/** @throws RetrofitError `bad-hdf5` for filters that are not undone here; h5py's `lzf` is 32000 */
export function parseFilters(message: Uint8Array): readonly Filter[] {
  const [version, count] = [u8At(message, 0), u8At(message, 1)];
  if ((version !== 1 && version !== 2) || count > MOST_FILTERS)
    throw damaged('the filters of a dataset are of an unknown kind');
  const filters: Filter[] = [];
  let offset = version === 1 ? 8 : 2;
  for (let index = 0; index < count; index += 1) {
    const id = u16At(message, offset);
    // Only later versions leave out the names of registered filters, and do not pad the others.
    const hasName = version === 1 || id >= FIRST_WITH_NAME;
    const nameBytes = hasName ? u16At(message, offset + 2) : 0;
    const parameters = u16At(message, offset + (hasName ? 6 : 4));
    const start = offset + (hasName ? 8 : 6) + (version === 1 ? padded(nameBytes) : nameBytes);
    if (id !== GZIP && id !== SHUFFLE && id !== CHECKSUM) throw unread(`a dataset packed by filter ${id}`);
    filters.push({ id, parameter: parameters > 0 ? u32At(message, start) : 0 });
    offset = start + 4 * parameters + (version === 1 && parameters % 2 === 1 ? 4 : 0);
  }
  return filters;
}

/**
 * Undoes the filters of a chunk.
 * @param mask has a bit for each filter that was left out
 * @param byteLength of the chunk when all is undone
 */
export function undoFilters(
  stored: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  byteLength: number,
  inflate: Inflate,
): Uint8Array {
  const undone = filters
    .filter((_, index) => ((mask >>> index) & 1) === 0)
    .reduceRight((bytes, filter) => {
      if (filter.id === SHUFFLE) return unshuffle(bytes, filter.parameter);
      if (filter.id === CHECKSUM) return withoutChecksum(bytes);
      // Chunks that got checksums before they were packed unpack to more bytes.
      const inflated = inflate(bytes, byteLength + CHECKSUM_BYTES * filters.length);
      if (inflated === undefined) throw damaged('a chunk cannot be unpacked');
      return inflated;
    }, stored);
  if (undone.length !== byteLength) throw damaged('a chunk has another size than it should have');
  return undone;
}

/** Puts the bytes of each value together again: all first ones stand first, then all second ones. */
function unshuffle(bytes: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(bytes.length / size);
  // A single one stands as it is, and so does all that is shorter.
  if (size <= 1 || count <= 1) return bytes;
  const values = bytes.slice();
  for (let part = 0; part < size; part += 1) {
    const start = part * count;
    for (let index = 0; index < count; index += 1) values[index * size + part] = bytes[start + index]!;
  }
  return values;
}

function withoutChecksum(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - CHECKSUM_BYTES;
  const given = u32At(bytes, end);
  const data = bytes.subarray(0, end);
  const sum = fletcher32(data);
  // HDF5 before 1.6.3 wrote the bytes of each half the other way round.
  const turned = (((sum & 0x00ff_00ff) << 8) | ((sum >>> 8) & 0x00ff_00ff)) >>> 0;
  if (given !== sum && given !== turned) throw damaged('a chunk has another checksum than it should have');
  return data;
}

/** Fletcher's checksum over words of 16 bits, the higher byte first; an odd byte at the end counts as a higher one. */
export function fletcher32(bytes: Uint8Array): number {
  let [sum1, sum2] = [0, 0];
  // As many words at once as do not overflow.
  const most = 360;
  const words = Math.floor(bytes.length / 2);
  for (let index = 0; index < words; ) {
    const end = Math.min(words, index + most);
    for (; index < end; index += 1) {
      sum1 += (bytes[2 * index]! << 8) | bytes[2 * index + 1]!;
      sum2 += sum1;
    }
    sum1 = (sum1 & 0xffff) + (sum1 >>> 16);
    sum2 = (sum2 & 0xffff) + (sum2 >>> 16);
  }
  if (bytes.length % 2 === 1) {
    sum1 += bytes[bytes.length - 1]! << 8;
    sum2 += sum1;
    sum1 = (sum1 & 0xffff) + (sum1 >>> 16);
    sum2 = (sum2 & 0xffff) + (sum2 >>> 16);
  }
  sum1 = (sum1 & 0xffff) + (sum1 >>> 16);
  sum2 = (sum2 & 0xffff) + (sum2 >>> 16);
  return ((sum2 << 16) | sum1) >>> 0;
}
