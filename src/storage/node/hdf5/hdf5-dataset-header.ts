import { inputError } from '../../../errors.js';
import { MAX_ELEMENTS, MAX_UNPACKED_BYTES, MAX_UNPACKED_RATIO } from '../../../limits.js';
import type { Hdf5Dtype } from '../../hdf5.js';
import { badHdf5, damaged, type Hdf5Bytes, numberAt, UNDEFINED_ADDRESS } from './hdf5-bytes.js';
import { parseDatatype } from './hdf5-dtypes.js';
import { listUnknownFilters } from './hdf5-filters.js';
import { type HeaderMessage, readHeaderMessages } from './hdf5-header.js';
import { DATASPACE, DATATYPE, EXTERNAL_FILES, FILTERS, LAYOUT } from './message-types.js';

/** What the header of a dataset says, found to be possible. */
export interface DatasetHeader {
  readonly shape: readonly number[];
  readonly dtype: Hdf5Dtype;
  readonly itemBytes: number;
  readonly byteLength: number;
  /** Its values lie in chunks, which may be compressed; undefined where they lie in a row. */
  readonly isChunked: boolean;
  /** Where its values lie, all of them, as they are used here; undefined where HDF5 has to unpack or to turn them. */
  readonly valuesAddress: number | undefined;
}

const NULL_SPACE = 2;
const COMPACT = 0;
const CONTIGUOUS = 1;
const CHUNKED = 2;
const VIRTUAL = 3;

/**
 * Reads a dataset's header by itself: HDF5 would open the files that external storage and virtual datasets name, and
 * h5wasm cannot tell all types apart.
 * @throws RetrofitError `unsafe-path` for values that lie in other files, `bad-hdf5` for more values than are stored
 */
export function readDatasetHeader(file: Hdf5Bytes, address: number, path: string): DatasetHeader {
  const messages = readHeaderMessages(file, address);
  const layout = contentOf(messages, LAYOUT, path);
  const layoutClass = classOf(layout, path);
  if (messages.some(({ type }) => type === EXTERNAL_FILES) || layoutClass === VIRTUAL) {
    throw inputError('unsafe-path', 'a dataset whose values lie in other files', {
      where: { field: path },
      hint: 'save the model anew with Keras, so that one file holds all of it',
    });
  }
  const unknown = messages.filter(({ type }) => type === FILTERS).flatMap(({ content }) => listUnknownFilters(content));
  if (unknown.length > 0)
    throw badHdf5(
      `a dataset is packed by filter ${unknown[0]}, of which nothing is known here: save it without, or with gzip`,
      path,
    );
  const { dtype, itemBytes, isBigEndian } = datatypeOf(messages, path);
  const shape = parseShape(contentOf(messages, DATASPACE, path), path);
  const byteLength = shape.reduce((product, size) => product * size, 1) * itemBytes;
  if (!(byteLength <= MAX_ELEMENTS)) throw badHdf5('a dataset has more values than can be counted', path);
  checkStored({ layout, layoutClass, byteLength, file, path, hasFixedSize: dtype !== 'string' });
  const stored = layoutClass === CONTIGUOUS && layout.length >= 18 ? numberAt(layout, 2) : UNDEFINED_ADDRESS;
  const isInPlace = stored !== UNDEFINED_ADDRESS && !isBigEndian && dtype !== 'string';
  return {
    shape,
    dtype,
    itemBytes,
    byteLength,
    isChunked: layoutClass === CHUNKED,
    valuesAddress: isInPlace ? stored : undefined,
  };
}

function contentOf(messages: readonly HeaderMessage[], wanted: number, path: string): Buffer {
  const found = messages.find(({ type }) => type === wanted);
  if (found === undefined || found.isShared || found.content.length < 4) {
    throw damaged('the header of a dataset is incomplete', path);
  }
  return found.content;
}

function datatypeOf(messages: readonly HeaderMessage[], path: string): ReturnType<typeof parseDatatype> {
  const found = messages.find(({ type }) => type === DATATYPE);
  // A type with a name of its own, which stands elsewhere: no weight has one.
  if (found?.isShared) return { dtype: 'other', itemBytes: 1, isBigEndian: false };
  if (found === undefined || found.content.length < 8) throw damaged('a dataset does not say what it holds', path);
  return parseDatatype(found.content);
}

function parseShape(space: Buffer, path: string): readonly number[] {
  const [version, rank = 0, , type] = space;
  if (version !== 1 && version !== 2) throw damaged('the shape of a dataset is of an unknown kind', path);
  if (version === 2 && type === NULL_SPACE) return [0];
  const start = version === 1 ? 8 : 4;
  if (rank > 32 || space.length < start + 8 * rank) throw damaged('the shape of a dataset is incomplete', path);
  return Array.from({ length: rank }, (_, axis) => numberAt(space, start + 8 * axis));
}

function classOf(layout: Buffer, path: string): number {
  const [version = 0, layoutClass = 0] = layout;
  if (version < 3 || version > 5) throw badHdf5(`HDF5 layout version ${version} is not known`, path);
  if (layoutClass > VIRTUAL) throw damaged('the layout of a dataset is of an unknown kind', path);
  return layoutClass;
}

interface Stored {
  readonly layout: Buffer;
  readonly layoutClass: number;
  readonly byteLength: number;
  readonly file: Hdf5Bytes;
  readonly path: string;
  readonly hasFixedSize: boolean;
}

function checkStored({ layout, layoutClass, byteLength, file, path, hasFixedSize }: Stored): void {
  if (!hasFixedSize) return;
  if (layoutClass === COMPACT || layoutClass === CONTIGUOUS) {
    if (layout.length < (layoutClass === COMPACT ? 4 : 18))
      throw damaged('the layout of a dataset is incomplete', path);
    const stored = layoutClass === COMPACT ? layout.readUInt16LE(2) : numberAt(layout, 10);
    const address = layoutClass === COMPACT ? 0 : numberAt(layout, 2);
    if (stored !== byteLength) {
      throw badHdf5(`a dataset has ${stored} bytes; its shape and its type ask for ${byteLength}`, path);
    }
    if (address !== UNDEFINED_ADDRESS) {
      if (address + stored > file.byteLength) throw damaged('a dataset reaches behind the end of the file', path);
      return;
    }
  }
  // Nothing was ever written, or it is packed: the size is only a claim.
  if (byteLength > MAX_UNPACKED_BYTES || byteLength > MAX_UNPACKED_RATIO * file.byteLength) {
    throw badHdf5(`a dataset claims ${byteLength} bytes in a file of ${file.byteLength}`, path);
  }
}
