import { CHARSETS, PADDINGS } from '../../hdf5/datatype.js';
import type { TextKind } from '../../hdf5.js';

/** What h5py makes of a text. */
export const DEFAULT_TEXT_KIND: TextKind = { charset: 'utf8', isFixed: false, padding: 'null-term' };

/** References to texts of variable length. */
export function variableTextType({ charset, padding }: TextKind): Buffer {
  const type = Buffer.from('1901000010000000100000000100000000000800', 'hex');
  type[1]! |= PADDINGS.indexOf(padding) << 4;
  type[2] = CHARSETS.indexOf(charset);
  return type;
}

/** Texts of one length. */
export function fixedTextType({ charset, padding }: TextKind, byteLength: number): Buffer {
  const type = Buffer.from('1300000000000000', 'hex');
  type[1] = (CHARSETS.indexOf(charset) << 4) | PADDINGS.indexOf(padding);
  type.writeUInt32LE(byteLength, 4);
  return type;
}

/** What texts of one length take each, with their ends; no type takes nothing. */
export const fixedLength = (texts: readonly Uint8Array[], { padding }: TextKind): number =>
  texts.reduce((most, text) => Math.max(most, text.byteLength + (padding === 'null-term' ? 1 : 0)), 1);

/** The texts in a row, each filled up to the length of all. */
export const fixedValues = (texts: readonly Uint8Array[], { padding }: TextKind, byteLength: number): Buffer => {
  const values = Buffer.alloc(texts.length * byteLength, padding === 'space-pad' ? 0x20 : 0);
  for (const [index, text] of texts.entries()) values.set(text, index * byteLength);
  return values;
};
