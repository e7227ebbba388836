import { inputError } from '../errors.js';
import type { Tensor, TensorValues } from '../model/tensor.js';
import { decodeFloat16 } from './tfjs/scale-stored.js';

const FLOATS: readonly string[] = ['float32', 'float64', 'float16', 'bfloat16'];

/** Whether a tensor's values are numbers that `floatChunks` gives. */
export const holdsFloats = ({ dtype }: Tensor): boolean => FLOATS.includes(dtype);

/** A tensor's values as float32 numbers, in pieces; halves come out as what they stand for. */
export async function* floatChunks(tensor: Tensor, values: TensorValues): AsyncGenerator<Float32Array> {
  for await (const bytes of values.chunks(tensor)) yield toFloats(aligned(bytes), tensor.dtype);
}

function toFloats(bytes: Uint8Array, dtype: string): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case 'float64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, byteLength / 8));
    case 'float16':
      return decodeFloat16(bytes, 0);
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
const aligned = (bytes: Uint8Array): Uint8Array => (bytes.byteOffset % 8 === 0 ? bytes : bytes.slice());
