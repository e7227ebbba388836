import type { Hdf5Dtype } from '../../hdf5.js';

/** A dtype whose values have a size of their own. */
export type NumberDtype = Exclude<Hdf5Dtype, 'string' | 'other'>;

// The messages as h5py writes them: class and version, flags, size, then what the class needs.
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
  // Keras stores it as two opaque bytes beside an attribute that says what they are.
  ['bfloat16', '15000000 02000000'],
]);

/** Later libraries do not pad the names of an enumeration. */
const UNPADDED_BOOL = '18020000 01000000 10080000 01000000 00000800 46414c53 4500 54525545 00 0001';

const CLASSES_OF_NUMBERS: readonly number[] = [0, 1];
export const CLASS_OF_STRINGS = 3;
export const CLASS_OF_OPAQUE = 5;
const CLASS_OF_ENUMERATIONS = 8;
const CLASS_OF_VARIABLE_LENGTH = 9;

const toBytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

const KNOWN: readonly (readonly [NumberDtype, Buffer])[] = [...MESSAGES, ['bool', UNPADDED_BOOL] as const].map(
  ([dtype, hex]) => [dtype, toBytes(hex)],
);

/** What a dtype's message holds, as h5py writes it. */
export const datatypeMessage = (dtype: NumberDtype): Buffer => toBytes(MESSAGES.get(dtype)!);

export const itemBytes = (dtype: NumberDtype): number => datatypeMessage(dtype).readUInt32LE(4);

/**
 * The dtype that a message describes; big-endian numbers are the same dtype, for HDF5 turns them round. Two opaque bytes
 * are `bfloat16` only if an attribute says so: the caller looks.
 */
export function parseDatatype(message: Buffer): {
  readonly dtype: Hdf5Dtype;
  readonly itemBytes: number;
  readonly isBigEndian: boolean;
} {
  const itemBytes = message.readUInt32LE(4);
  const kind = message[0]! & 0x0f;
  const isBigEndian = CLASSES_OF_NUMBERS.includes(kind) && (message[1]! & 1) === 1;
  if (kind === CLASS_OF_STRINGS || isTextOfVariableLength(message)) return { dtype: 'string', itemBytes, isBigEndian };
  const plain = asFirstVersion(message, kind);
  const known = KNOWN.find(([, bytes]) => plain.subarray(0, bytes.length).equals(bytes));
  return { dtype: known?.[0] ?? 'other', itemBytes, isBigEndian };
}

export const isTextOfVariableLength = (message: Buffer): boolean =>
  (message[0]! & 0x0f) === CLASS_OF_VARIABLE_LENGTH && (message[1]! & 0x0f) === 1;

/** The message in version 1 and little-endian: later versions differ only in the number and in what they cannot hold. */
function asFirstVersion(message: Buffer, kind: number): Buffer {
  const plain = Buffer.from(message);
  plain[0] = 0x10 | kind;
  // An opaque type's tag says what it is good for; none of them is ours.
  if (kind === CLASS_OF_OPAQUE) plain[1] = 0;
  else if (kind === CLASS_OF_ENUMERATIONS && plain.length > 8) plain[8] = 0x10 | (plain[8]! & 0x0f);
  else plain[1]! &= 0xfe;
  return plain;
}
