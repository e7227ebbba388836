import { numberAt, UNDEFINED_ADDRESS } from './hdf5-bytes.js';
import { CLASS_OF_OPAQUE, CLASS_OF_STRINGS, isTextOfVariableLength, parseDatatype } from './hdf5-dtypes.js';

const MOST_AXES = 32;
const FIRST_VERSION = 0x10;
/** References to texts in either character set, ended by a NUL or padded with them, to bytes. */
const TEXTS_OF_VARIABLE_LENGTH = /^19(01|21)0[01]0010000000100000000100000000000800/;
/** No value is set, and whenever it is written. */
const NO_FILL_VALUE = /^020[0-3]0[0-2]0[01]00000000$/;
const CONTIGUOUS = '0301';

/** The shape that a dataspace of the first version gives, [] for a single value; undefined for any other. */
export function plainShape(space: Buffer): readonly number[] | undefined {
  const [version, rank = 0, hasMost = 0] = space;
  const axes = hasMost === 1 ? 2 * rank : rank;
  if (version !== 1 || hasMost > 1 || rank > MOST_AXES || space.length < 8 + 8 * axes) return undefined;
  const sizes = Array.from({ length: axes }, (_, axis) => numberAt(space, 8 + 8 * axis));
  const shape = sizes.slice(0, rank);
  const isPossible = sizes.slice(rank).every((most, axis) => most >= shape[axis]!);
  return isPossible && !shape.includes(UNDEFINED_ADDRESS) ? shape : undefined;
}

/** A type of numbers or texts, said as the earliest HDF5 says it. */
export function isPlainType(type: Buffer): boolean {
  if (isTextOfVariableLength(type)) return TEXTS_OF_VARIABLE_LENGTH.test(type.toString('hex'));
  if ((type[0]! & 0xf0) !== FIRST_VERSION) return false;
  const kind = type[0]! & 0x0f;
  if (kind === CLASS_OF_STRINGS) return (type[1]! & 0x0f) <= 2 && type[1]! >> 4 <= 1 && type.readUInt16LE(2) === 0;
  return parseDatatype(type).dtype !== 'other' && (kind !== CLASS_OF_OPAQUE || type[1] === 0);
}

export const isNoFillValue = (content: Buffer): boolean => NO_FILL_VALUE.test(content.toString('hex'));

export const isContiguous = (layout: Buffer): boolean => layout.toString('hex', 0, 2) === CONTIGUOUS;
