import type { Tensor } from '../../model/tensor.js';
import { fromFloats, toFloats } from './float-values.js';
import { scaleValues } from './scale-values.js';

/**
 * Yields the final bytes of a tensor: generated or stored values, times 2^exponent and its factors, and mapped by its
 * function.
 * @param stored the stored values in the tensor's dtype, in pieces of whole values
 * @param name for messages
 * @throws RetrofitError `overflow`
 */
export async function* changedValues(
  tensor: Tensor,
  stored: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const { source, dtype, exponent, each } = tensor;
  const chunks = source.kind === 'generated' ? [fromFloats(source.values(), dtype)] : stored;
  let element = 0;
  for await (const bytes of chunks) {
    const doubled = scaleValues(bytes, dtype, exponent, name);
    if (tensor.factors === undefined && each === undefined) {
      yield doubled;
      continue;
    }
    const values = Float32Array.from(toFloats(doubled, dtype));
    for (const factors of tensor.factors ?? []) multiply(values, factors, element);
    element += values.length;
    yield fromFloats(each === undefined ? values : values.map((value) => each(value)), dtype);
  }
}

/** @param first the number of the first value within the tensor */
function multiply(values: Float32Array, factors: NonNullable<Tensor['factors']>[number], first: number): void {
  const { stride, values: by } = factors;
  for (let index = 0; index < values.length; index++) {
    values[index]! *= by[Math.floor((first + index) / stride) % by.length]!;
  }
}
