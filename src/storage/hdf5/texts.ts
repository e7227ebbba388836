import { MAX_JSON_BYTES, MAX_JSON_VALUES } from '../../limits.js';
import type { TextKind } from '../hdf5.js';
import type { Attribute } from './attribute.js';
import { numberAt, u32At, upToNul } from './fields.js';
import { readHeapObject } from './global-heap.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { damaged } from './hdf5-errors.js';

export interface Texts {
  /** The texts without their ends. */
  readonly texts: readonly Uint8Array[];
  readonly kind: TextKind & { readonly isList: boolean };
}

const SPACE = 0x20;

/** The texts of an attribute; undefined where it holds none. */
export function readTexts(file: Hdf5Bytes, { type, elementCount, isList, values }: Attribute): Texts | undefined {
  const kind = type?.text;
  if (type === undefined || kind === undefined || (elementCount === 0 && !isList)) return undefined;
  if (elementCount > MAX_JSON_VALUES) throw damaged('an attribute holds more texts than any');
  const pieces = Array.from({ length: elementCount }, (_, index) =>
    values.subarray(index * type.itemBytes, (index + 1) * type.itemBytes),
  );
  let total = 0;
  const texts = pieces.map((bytes) => {
    if (kind.isFixed) return withoutPadding(upToNul(bytes), kind);
    const text = upToNul(readReference(file, bytes));
    total += text.length;
    if (total > MAX_JSON_BYTES) throw damaged('an attribute holds more text than any');
    return text;
  });
  return { texts, kind: { ...kind, isList } };
}

/** A text of variable length lies in a global heap; one without any has no place there. */
function readReference(file: Hdf5Bytes, reference: Uint8Array): Uint8Array {
  const address = numberAt(reference, 4);
  if (address === 0) return new Uint8Array(0);
  const text = readHeapObject(file, address, u32At(reference, 12));
  if (text.length !== u32At(reference, 0)) throw damaged('a text has another length than it says');
  return text;
}

/** Padded with spaces, as Fortran does. */
function withoutPadding(bytes: Uint8Array, { padding }: TextKind): Uint8Array {
  let end = bytes.length;
  while (padding === 'space-pad' && end > 0 && bytes[end - 1] === SPACE) end -= 1;
  return bytes.subarray(0, end);
}
