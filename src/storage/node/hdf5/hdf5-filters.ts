import { damaged } from './hdf5-bytes.js';

/** What h5wasm brings along: deflate, shuffle, checksums, n-bit and scale-offset packing. */
const KNOWN: readonly number[] = [1, 2, 3, 5, 6];
const FIRST_WITH_NAME = 256;

/** The filters of a dataset that cannot be undone here, by number; h5py's `lzf` is 32000. */
export function listUnknownFilters(message: Buffer): readonly number[] {
  return listFilters(message).filter((id) => !KNOWN.includes(id));
}

function listFilters(message: Buffer): readonly number[] {
  const [version, count = 0] = message;
  const ids: number[] = [];
  let offset = version === 1 ? 8 : 2;
  for (let index = 0; index < count; index += 1) {
    if (offset + (version === 1 ? 8 : 6) > message.length) throw damaged('the list of filters has no end');
    const id = message.readUInt16LE(offset);
    ids.push(id);
    // Only later versions leave out the name of a filter that everybody knows, and do not pad what there is.
    const hasName = version === 1 || id >= FIRST_WITH_NAME;
    const nameBytes = hasName ? message.readUInt16LE(offset + 2) : 0;
    const values = message.readUInt16LE(offset + (hasName ? 6 : 4));
    const padding = version === 1 && values % 2 === 1 ? 4 : 0;
    offset += (hasName ? 8 : 6) + (version === 1 ? 8 * Math.ceil(nameBytes / 8) : nameBytes) + 4 * values + padding;
  }
  return ids;
}
