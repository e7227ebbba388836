import { RetrofitError } from '../../errors.js';
import type { Model, RetrofitRecord } from '../../model/model.js';
import { type Tensor, type TensorValues, tensorSize } from '../../model/tensor.js';
import { tensorsByKey, weightKey } from '../../model/weight-key.js';
import { scaleValues } from './scale-values.js';

type Doubling = RetrofitRecord['doubled'][number];

/** Finds the weights that would become infinite by these doublings. Reads the tensors, a piece at a time. */
export async function findOverflows(model: Model, doublings: readonly Doubling[]): Promise<readonly Doubling[]> {
  if (doublings.length === 0) return [];
  const tensors = tensorsByKey(model.graph);
  return model.withValues(async (values) => {
    const found: Doubling[] = [];
    for (const doubling of doublings) {
      const tensor = tensors.get(weightKey(doubling.graph, doubling.layer, doubling.weight));
      if (tensor !== undefined && (await overflows(tensor, values, doubling))) found.push(doubling);
    }
    return found;
  });
}

async function overflows(tensor: Tensor, values: TensorValues, { weight, exponent }: Doubling): Promise<boolean> {
  if (tensorSize(tensor) === 0) return false;
  // Quantised weights come as the numbers that they stand for.
  const dtype = tensor.quantization === undefined ? tensor.dtype : 'float32';
  try {
    for await (const bytes of values.chunks(tensor)) scaleValues(bytes, dtype, exponent, weight);
    return false;
  } catch (error) {
    if (error instanceof RetrofitError && error.code === 'overflow') return true;
    throw error;
  }
}
