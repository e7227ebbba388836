import { inputError } from '../../errors.js';
import { FLOATS, type Tensor, type TensorValues } from '../../model/tensor.js';
import { decodeFloat16, toFloat16 } from './float16.js';

/** Tells whether a tensor's values are numbers that `floatChunks` gives. */
export const holdsFloats = ({ dtype }: Tensor): boolean => FLOATS.includes(dtype);

/** Yields a tensor's values as float32 numbers, in pieces; halves are converted. */
export async function* floatChunks(tensor: Tensor, values: TensorValues): AsyncGenerator<Float32Array> {
  for await (const bytes of values.chunks(tensor)) yield toFloats(bytes, tensor.dtype);
}

/** Stored floating-point numbers as float32. */
export function toFloats(bytes: Uint8Array, dtype: string): Float32Array {
  const { buffer, byteOffset, byteLength } = aligned(bytes);
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case 'float64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, byteLength / 8));
    case 'float16':
      return decodeFloat16(new Uint8Array(buffer, byteOffset, byteLength), 0);
    case 'bfloat16': {
      const halves = new Uint16Array(buffer, byteOffset, byteLength / 2);
      return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
    }
    default:
      throw inputError('cannot-convert', `weights of the dtype ${dtype} have no place in a TensorFlow.js model`, {
        hint: 'keep the model in the format it has',
      });
  }
}

/** Typed arrays want their values at multiples of their size. */
const aligned = (bytes: Uint8Array): Uint8Array => (bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes));

/** Numbers as they are stored in a dtype, rounded to nearest, ties to even. */
export function fromFloats(values: Float32Array, dtype: string): Uint8Array {
  const stored = rounded(values, dtype);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

function rounded(values: Float32Array, dtype: string): Float32Array | Float64Array | Uint16Array {
  switch (dtype) {
    case 'float32':
      return values;
    case 'float64':
      return Float64Array.from(values);
    case 'float16':
      return Uint16Array.from(values, toFloat16);
    case 'bfloat16':
      return toBfloat16(values);
    default:
      throw new Error(`values were made for a tensor of the dtype ${dtype}`);
  }
}

/** The upper halves of the values. */
function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.slice().buffer);
  return Uint16Array.from(bits, (each, index) =>
    Number.isNaN(values[index]!) ? 0x7fc0 : (each + 0x7fff + ((each >>> 16) & 1)) >>> 16,
  );
}
