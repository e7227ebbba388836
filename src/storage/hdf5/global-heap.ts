import { MAX_JSON_BYTES } from '../../limits.js';
import { hasSignature, numberAt, padded, u16At } from './fields.js';
import { type Hdf5Bytes, memoize } from './hdf5-bytes.js';
import { damaged } from './hdf5-errors.js';

// Texts of variable length lie in collections; one holds those of several attributes.

const HEAD_BYTES = 16;
const OBJECT_HEAD_BYTES = 16;

interface Place {
  readonly address: number;
  readonly byteLength: number;
}

/** The bytes of one object of a collection. @throws RetrofitError `bad-hdf5` */
export function readHeapObject(file: Hdf5Bytes, collection: number, number: number): Uint8Array {
  const place = listObjects(file, collection).get(number);
  if (place === undefined) throw damaged('a text is not where it should be');
  if (place.byteLength > MAX_JSON_BYTES) throw damaged('a text is longer than any');
  return file.read(place.address, place.byteLength);
}

/** Lists the places of a collection's objects, by their numbers. */
const listObjects = memoize(parseCollection, () => true);

function parseCollection(file: Hdf5Bytes, address: number): ReadonlyMap<number, Place> {
  const head = file.read(address, HEAD_BYTES);
  const byteLength = numberAt(head, 8);
  if (!hasSignature(head, 'GCOL') || head[4] !== 1 || !(byteLength <= file.byteLength - address)) {
    throw damaged('where texts should be is something else');
  }
  file.claim(address, byteLength);
  const objects = new Map<number, Place>();
  for (let offset = HEAD_BYTES; offset + OBJECT_HEAD_BYTES <= byteLength; ) {
    const objectHead = file.read(address + offset, OBJECT_HEAD_BYTES);
    const number = u16At(objectHead, 0);
    const size = numberAt(objectHead, 8);
    // Number 0 is the free space, its head counted in.
    const taken = number === 0 ? size : OBJECT_HEAD_BYTES + padded(size);
    const isPossible = taken >= OBJECT_HEAD_BYTES && offset + taken <= byteLength && !objects.has(number);
    if (!isPossible) throw damaged('where texts should be is something else');
    if (number !== 0) objects.set(number, { address: address + offset + OBJECT_HEAD_BYTES, byteLength: size });
    offset += taken;
  }
  return objects;
}
