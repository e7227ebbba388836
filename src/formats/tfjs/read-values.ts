import type { Tensor, TensorValues } from '../../model/tensor.js';
import { changedValues } from '../values/changed-values.js';
import { decodeFloat16 } from '../values/float16.js';
import { readChunks, type WeightReader, withWeightReader } from '../values/weight-reader.js';
import type { TfjsSource } from './tfjs-source.js';

/** Opens the values of a TensorFlow.js model's tensors: quantised ones are the numbers they stand for. */
export const withTfjsValues = <T>(
  source: Pick<TfjsSource, 'storage' | 'files'>,
  use: (values: TensorValues) => Promise<T>,
): Promise<T> => withWeightReader(source.storage, source.files, (reader) => use(tfjsValues(reader)));

export const tfjsValues = (reader: WeightReader): TensorValues => ({
  chunks: (tensor) => changedValues(tensor, storedValues(tensor, reader), ''),
});

/** Yields the stored values of a tensor, as numbers of its dtype. */
export async function* storedValues(tensor: Tensor, reader: WeightReader): AsyncGenerator<Uint8Array> {
  const { source, quantization } = tensor;
  if (source.kind !== 'stored') return;
  for await (const bytes of readChunks(reader, source.ranges)) {
    yield quantization === undefined ? bytes : dequantized(bytes, tensor);
  }
}

function dequantized(stored: Uint8Array, { quantization, dtype }: Tensor): Uint8Array {
  if (quantization!.dtype === 'float16') return new Uint8Array(decodeFloat16(stored, 0).buffer);
  const { scale, min } = quantization as { scale: number; min: number };
  const numbers =
    quantization!.dtype === 'uint8' ? stored : new Uint16Array(stored.buffer, stored.byteOffset, stored.byteLength / 2);
  const values =
    dtype === 'int32'
      ? Int32Array.from(numbers, (number) => Math.round(number * scale + min))
      : Float32Array.from(numbers, (number) => number * scale + min);
  return new Uint8Array(values.buffer);
}
