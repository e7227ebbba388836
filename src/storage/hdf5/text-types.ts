import type { TextKind } from '../hdf5.js';
import { newBytes } from '../new-bytes.js';
import { CHARSETS, PADDINGS } from './datatype.js';
import { fromHex } from './fields.js';

/** The kind of text that h5py writes by default. */
export const DEFAULT_TEXT_KIND: TextKind = { charset: 'utf8', isFixed: false, padding: 'null-term' };

/** References to texts of variable length. */
export function variableTextType({ charset, padding }: TextKind): Uint8Array {
  const type = fromHex('1901000010000000100000000100000000000800');
  type[1]! |= PADDINGS.indexOf(padding) << 4;
  type[2] = CHARSETS.indexOf(charset);
  return type;
}

/** Texts of one length. */
export function fixedTextType({ charset, padding }: TextKind, byteLength: number): Uint8Array {
  const { bytes: type, view } = newBytes(8);
  type[0] = 0x13;
  type[1] = (CHARSETS.indexOf(charset) << 4) | PADDINGS.indexOf(padding);
  view.setUint32(4, byteLength, true);
  return type;
}

/** Returns the length of fixed-length texts, with their ends; a type of length 0 is not possible. */
export const fixedLength = (texts: readonly Uint8Array[], { padding }: TextKind): number =>
  texts.reduce((most, text) => Math.max(most, text.byteLength + (padding === 'null-term' ? 1 : 0)), 1);

/** The texts in a row, each filled up to the length of all. */
export const fixedValues = (texts: readonly Uint8Array[], { padding }: TextKind, byteLength: number): Uint8Array => {
  const values = new Uint8Array(texts.length * byteLength).fill(padding === 'space-pad' ? 0x20 : 0);
  for (const [index, text] of texts.entries()) values.set(text, index * byteLength);
  return values;
};
