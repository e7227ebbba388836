import { MAX_JSON_BYTES, SMALL_BYTES } from '../../../limits.js';
import type { TextKind } from '../../hdf5.js';
import { type Hdf5Bytes, memoize, numberAt, padded } from './hdf5-bytes.js';
import type { Hdf5AttributeValue } from './hdf5-calls.js';
import { CLASS_OF_STRINGS, isTextOfVariableLength } from './hdf5-dtypes.js';
import type { PlainAttribute } from './plain-attributes.js';
import { textKindOf } from './text-types.js';

const COLLECTION_HEAD_BYTES = 16;
const OBJECT_HEAD_BYTES = 16;

/** An attribute's value as the thread that runs HDF5 would answer it; undefined where it is to be asked. */
export function readAttributeValue(file: Hdf5Bytes, attribute: PlainAttribute): Hdf5AttributeValue | undefined {
  const { datatype, shape, values } = attribute;
  const elementCount = shape.reduce((product, size) => product * size, 1);
  const size = datatype.readUInt32LE(4);
  const pieces = () =>
    Array.from({ length: elementCount }, (_, index) => values.subarray(index * size, index * size + size));
  const isList = shape.length > 0;
  const kind = textKindOf(datatype);
  if (isTextOfVariableLength(datatype)) {
    const texts = readReferences(file, pieces());
    return texts && { texts, isList, kind };
  }
  if ((datatype[0]! & 0x0f) !== CLASS_OF_STRINGS) return { elementCount };
  return { texts: pieces().map((piece) => withoutPadding(upToNul(piece), kind)), isList, kind };
}

/** Texts of variable length lie in collections; one holds those of several attributes. */
function readReferences(file: Hdf5Bytes, references: readonly Buffer[]): readonly Uint8Array[] | undefined {
  let collection: ReadonlyMap<number, Buffer> | undefined;
  let address = -1;
  const texts: Uint8Array[] = [];
  for (const reference of references) {
    const byteLength = reference.readUInt32LE(0);
    const place = numberAt(reference, 4);
    if (place !== address) collection = readCollection(file, place);
    address = place;
    const text = collection?.get(reference.readUInt32LE(12));
    if (text?.length !== byteLength) return undefined;
    texts.push(upToNul(text));
  }
  return texts;
}

/** The objects of a global heap collection, by their numbers. */
const readCollection = memoize(parseCollection, (objects = new Map()) => {
  const sizes = [...objects.values()].map((text) => text.length);
  return sizes.length > 1 && sizes.reduce((sum, size) => sum + size) <= SMALL_BYTES;
});

function parseCollection(file: Hdf5Bytes, address: number): ReadonlyMap<number, Buffer> | undefined {
  const head = file.read(address, COLLECTION_HEAD_BYTES);
  const byteLength = numberAt(head, 8);
  const isCollection = head.toString('latin1', 0, 4) === 'GCOL' && head.readUInt32LE(4) === 1;
  if (!isCollection || byteLength > 2 * MAX_JSON_BYTES) return undefined;
  const bytes = file.read(address, byteLength);
  const objects = new Map<number, Buffer>();
  for (let offset = COLLECTION_HEAD_BYTES; offset + OBJECT_HEAD_BYTES <= byteLength; ) {
    const number = bytes.readUInt16LE(offset);
    const size = numberAt(bytes, offset + 8);
    // The rest is free.
    if (number === 0) return size === byteLength - offset ? objects : undefined;
    const start = offset + OBJECT_HEAD_BYTES;
    if (start + size > byteLength || objects.has(number)) return undefined;
    objects.set(number, bytes.subarray(start, start + size));
    offset = start + padded(size);
  }
  return objects;
}

function upToNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** Padded with spaces, as Fortran does. */
function withoutPadding(bytes: Buffer, { padding }: TextKind): Buffer {
  let end = bytes.length;
  while (padding === 'space-pad' && end > 0 && bytes[end - 1] === 0x20) end -= 1;
  return bytes.subarray(0, end);
}
