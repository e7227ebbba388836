import { padded } from '../../hdf5/fields.js';
import type { FileTail } from './file-tail.js';
import { numberBytes } from './number-bytes.js';

/** HDF5 reads that much of a collection before it knows how long it is. */
const LEAST_BYTES = 4096;
const HEAD_BYTES = 16;
const OBJECT_HEAD_BYTES = 16;

/**
 * Puts down texts of variable length, which lie in collections; a long one has a collection of its own, for each is read
 * as a whole.
 * @returns for each the reference that stands in an attribute
 */
export function putTexts(tail: FileTail, texts: readonly Buffer[]): readonly Buffer[] {
  const references: Buffer[] = [];
  let collected: Buffer[] = [];
  let room = LEAST_BYTES - HEAD_BYTES;
  const close = (): void => {
    if (collected.length === 0) return;
    const address = tail.align();
    references.push(...collected.map((text, index) => referenceTo(text, address, index + 1)));
    tail.add(collectionOf(collected));
    collected = [];
    room = LEAST_BYTES - HEAD_BYTES;
  };
  for (const text of texts) {
    const needed = OBJECT_HEAD_BYTES + padded(text.length);
    if (needed > room) close();
    collected.push(text);
    room -= needed;
  }
  close();
  return references;
}

function referenceTo(text: Buffer, address: number, index: number): Buffer {
  const reference = Buffer.alloc(16);
  reference.writeUInt32LE(text.length, 0);
  numberBytes(address).copy(reference, 4);
  reference.writeUInt32LE(index, 12);
  return reference;
}

function collectionOf(texts: readonly Buffer[]): Buffer {
  const used = texts.reduce((sum, text) => sum + OBJECT_HEAD_BYTES + padded(text.length), HEAD_BYTES);
  const collection = Buffer.alloc(Math.max(used, LEAST_BYTES));
  collection.write('GCOL\x01', 'latin1');
  numberBytes(collection.length).copy(collection, 8);
  let offset = HEAD_BYTES;
  for (const [index, text] of texts.entries()) {
    collection.writeUInt16LE(index + 1, offset);
    numberBytes(text.length).copy(collection, offset + 8);
    text.copy(collection, offset + OBJECT_HEAD_BYTES);
    offset += OBJECT_HEAD_BYTES + padded(text.length);
  }
  // What is left counts as an object that is free, if it has room to say so.
  if (collection.length - offset >= OBJECT_HEAD_BYTES)
    numberBytes(collection.length - offset).copy(collection, offset + 8);
  return collection;
}
