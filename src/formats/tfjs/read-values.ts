import type { Tensor, TensorValues } from '../../model/tensor.js';
import { generatedBytes } from '../generated-bytes.js';
import { decodeFloat16, readChunks, scaleFloat32 } from './scale-stored.js';
import type { TfjsSource } from './tfjs-source.js';
import { withWeightReader } from './weight-reader.js';

/** The values of a TensorFlow.js model's tensors: quantised ones as the numbers they stand for. */
export const withTfjsValues = <T>(
  source: Pick<TfjsSource, 'storage' | 'files'>,
  use: (values: TensorValues) => Promise<T>,
): Promise<T> =>
  withWeightReader(source.storage, source.files, (reader) =>
    use({
      async *chunks(tensor) {
        if (tensor.source.kind === 'generated') {
          yield generatedBytes(tensor, tensor.source.values, '');
        } else if (tensor.source.kind === 'stored') {
          for await (const { bytes } of readChunks(reader, tensor.source.ranges)) yield valuesOf(bytes, tensor);
        }
      },
    }),
  );

function valuesOf(bytes: Uint8Array, tensor: Tensor): Uint8Array {
  const { quantization, dtype, exponent } = tensor;
  if (quantization === undefined) {
    if (exponent !== 0) scaleFloat32(bytes, exponent, '');
    return bytes;
  }
  return new Uint8Array(dequantize(bytes, tensor).buffer);
  function dequantize(stored: Uint8Array, { exponent: power }: Tensor): Float32Array | Int32Array {
    if (quantization!.dtype === 'float16') return decodeFloat16(stored, power);
    const { scale, min } = quantization as { scale: number; min: number };
    const numbers =
      quantization!.dtype === 'uint8'
        ? stored
        : new Uint16Array(stored.buffer, stored.byteOffset, stored.byteLength / 2);
    const factor = 2 ** power;
    return dtype === 'int32'
      ? Int32Array.from(numbers, (number) => Math.round(number * scale * factor + min * factor))
      : Float32Array.from(numbers, (number) => number * scale * factor + min * factor);
  }
}
