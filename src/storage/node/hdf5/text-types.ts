import type { TextKind } from '../../hdf5.js';
import { isTextOfVariableLength } from './hdf5-dtypes.js';

/** What h5py makes of a text. */
export const DEFAULT_TEXT_KIND: TextKind = { charset: 'utf8', isFixed: false, padding: 'null-term' };

// In the order of HDF5's numbers for them.
const CHARSETS = ['ascii', 'utf8'] as const;
const PADDINGS = ['null-term', 'null-pad', 'space-pad'] as const;

/** How a type keeps texts: its flags say it in one order for texts of one length, in another for those of any. */
export function textKindOf(type: Buffer): TextKind {
  const isFixed = !isTextOfVariableLength(type);
  const [charset, padding] = isFixed ? [type[1]! >> 4, type[1]! & 0x0f] : [type[2]! & 0x0f, type[1]! >> 4];
  return { charset: CHARSETS[charset]!, isFixed, padding: PADDINGS[padding]! };
}

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
