import { newBytes } from '../new-bytes.js';
import { encodeUtf8, padded } from './fields.js';
import type { FileTail } from './file-tail.js';
import { numberBytes } from './number-bytes.js';

/** HDF5 reads that much of a collection before it knows how long it is. */
const LEAST_BYTES = 4096;
const HEAD_BYTES = 16;
const OBJECT_HEAD_BYTES = 16;

/**
 * Writes texts of variable length, which lie in collections; a long one has a separate collection, for each is read as
 * a whole.
 * @returns for each the reference that stands in an attribute
 */
export function putTexts(tail: FileTail, texts: readonly Uint8Array[]): readonly Uint8Array[] {
  const references: Uint8Array[] = [];
  let collected: Uint8Array[] = [];
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

function referenceTo(text: Uint8Array, address: number, index: number): Uint8Array {
  const { bytes, view } = newBytes(16);
  view.setUint32(0, text.length, true);
  bytes.set(numberBytes(address), 4);
  view.setUint32(12, index, true);
  return bytes;
}

function collectionOf(texts: readonly Uint8Array[]): Uint8Array {
  const used = texts.reduce((sum, text) => sum + OBJECT_HEAD_BYTES + padded(text.length), HEAD_BYTES);
  const { bytes: collection, view } = newBytes(Math.max(used, LEAST_BYTES));
  collection.set(encodeUtf8('GCOL\x01'));
  collection.set(numberBytes(collection.length), 8);
  let offset = HEAD_BYTES;
  for (const [index, text] of texts.entries()) {
    view.setUint16(offset, index + 1, true);
    collection.set(numberBytes(text.length), offset + 8);
    collection.set(text, offset + OBJECT_HEAD_BYTES);
    offset += OBJECT_HEAD_BYTES + padded(text.length);
  }
  // A rest counts as a free object, if it has room for an object's head.
  if (collection.length - offset >= OBJECT_HEAD_BYTES)
    collection.set(numberBytes(collection.length - offset), offset + 8);
  return collection;
}
