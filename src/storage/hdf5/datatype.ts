import { startsWith } from '../compare-bytes.js';
import { type Hdf5Dtype, TEXT_REFERENCE_BYTES, type TextKind } from '../hdf5.js';
import { fromHex, u8At, u32At } from './fields.js';
import { damaged } from './hdf5-errors.js';

/** A dtype whose values have a size of their own. */
export type NumberDtype = Exclude<Hdf5Dtype, 'string' | 'other'>;

// The messages as h5py writes them: class and version, flags, size, then the properties of the class.
const MESSAGES: ReadonlyMap<NumberDtype, string> = new Map([
  ['float16', '11200f00 02000000 00001000 0a05000a 0f000000'],
  ['float32', '11201f00 04000000 00002000 17080017 7f000000'],
  ['float64', '11203f00 08000000 00004000 340b0034 ff030000'],
  ['int8', '10080000 01000000 00000800'],
  ['int16', '10080000 02000000 00001000'],
  ['int32', '10080000 04000000 00002000'],
  ['int64', '10080000 08000000 00004000'],
  ['uint8', '10000000 01000000 00000800'],
  ['uint16', '10000000 02000000 00001000'],
  ['uint32', '10000000 04000000 00002000'],
  ['uint64', '10000000 08000000 00004000'],
  // An enumeration over int8 with the names FALSE and TRUE.
  ['bool', '18020000 01000000 10080000 01000000 00000800 46414c53 45000000 54525545 00000000 0001'],
  // Keras stores it as two opaque bytes beside an attribute that names the dtype.
  ['bfloat16', '15000000 02000000'],
]);

/** Later libraries do not pad the names of an enumeration. */
const UNPADDED_BOOL = '18020000 01000000 10080000 01000000 00000800 46414c53 4500 54525545 00 0001';

const NUMBERS: readonly number[] = [0, 1];
const STRINGS = 3;
const OPAQUE = 5;
const ENUMERATIONS = 8;
const VARIABLE_LENGTH = 9;
const LAST_CLASS = 11;
const LAST_VERSION = 5;

// In the order of HDF5's numbers for them.
export const CHARSETS = ['ascii', 'utf8'] as const;
export const PADDINGS = ['null-term', 'null-pad', 'space-pad'] as const;

const KNOWN: readonly (readonly [NumberDtype, Uint8Array])[] = [...MESSAGES, ['bool', UNPADDED_BOOL] as const].map(
  ([dtype, hex]) => [dtype, fromHex(hex)],
);

/** Returns the content of a dtype's message, as h5py writes it. */
export const datatypeMessage = (dtype: NumberDtype): Uint8Array => fromHex(MESSAGES.get(dtype)!);

export const itemBytes = (dtype: NumberDtype): number => u32At(datatypeMessage(dtype), 4);

export interface Datatype {
  readonly dtype: Hdf5Dtype;
  readonly itemBytes: number;
  readonly isBigEndian: boolean;
  /** How texts are kept; undefined for all else. */
  readonly text: TextKind | undefined;
}

/**
 * Parses a datatype message. Big-endian numbers have the same dtype, and their bytes are to be reversed. Two opaque
 * bytes are `bfloat16` only if an attribute says so: the caller looks.
 * @throws RetrofitError `bad-hdf5`
 */
export function parseDatatype(message: Uint8Array): Datatype {
  const itemBytes = u32At(message, 4);
  const [kind, version] = [message[0]! & 0x0f, message[0]! >> 4];
  if (version < 1 || version > LAST_VERSION || kind > LAST_CLASS || itemBytes === 0) {
    throw damaged('a type is of an unknown kind');
  }
  const text = textKindOf(message);
  if (text !== undefined) return { dtype: 'string', itemBytes, isBigEndian: false, text };
  const isBigEndian = NUMBERS.includes(kind) && (message[1]! & 1) === 1;
  const plain = asFirstVersion(message, kind);
  const dtype = KNOWN.find(([, bytes]) => startsWith(plain, bytes))?.[0] ?? 'other';
  return { dtype, itemBytes, isBigEndian, text: undefined };
}

/** Returns the kind of texts of a type: its flags are ordered otherwise for fixed than for variable length. */
export function textKindOf(type: Uint8Array): TextKind | undefined {
  const kind = u8At(type, 0) & 0x0f;
  const isFixed = kind === STRINGS;
  if (!isFixed && !(kind === VARIABLE_LENGTH && (u8At(type, 1) & 0x0f) === 1)) return undefined;
  const [first, second] = [u8At(type, 1), u8At(type, 2)];
  const [charset, padding] = isFixed ? [first >> 4, first & 0x0f] : [second & 0x0f, first >> 4];
  // References to single bytes, whether their type is that of numbers or of texts.
  const isPossible = isFixed || (u32At(type, 4) === TEXT_REFERENCE_BYTES && u32At(type, 12) === 1);
  if (CHARSETS[charset] === undefined || PADDINGS[padding] === undefined || !isPossible) {
    throw damaged('a type of texts is of an unknown kind');
  }
  return { charset: CHARSETS[charset], isFixed, padding: PADDINGS[padding] };
}

/**
 * The message in version 1 and little-endian: later versions differ only in the number and in values they cannot hold.
 */
function asFirstVersion(message: Uint8Array, kind: number): Uint8Array {
  const plain = message.slice();
  plain[0] = 0x10 | kind;
  // An opaque type's tag describes its use; no dtype here needs one.
  if (kind === OPAQUE) plain[1] = 0;
  else if (kind === ENUMERATIONS && plain.length > 8) plain[8] = 0x10 | (plain[8]! & 0x0f);
  else plain[1]! &= 0xfe;
  return plain;
}
