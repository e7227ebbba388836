import { inputError } from '../../errors.js';
import { isQuantized } from '../../layers/dtype-policy.js';
import type { Layer } from '../../model/model.js';
import type { Tensor, Weight } from '../../model/tensor.js';
import type { Hdf5Dtype } from '../../storage/hdf5.js';
import { weightFacts } from './hdf5-weights.js';

/**
 * A layer's weights in the order in which Keras keeps them, whatever order they were read in.
 * @throws RetrofitError `cannot-convert` where that order is not known
 */
export function orderedWeights(layer: Layer): readonly Weight[] {
  const facts = weightFacts(layer);
  if (facts === undefined) {
    if (layer.weights.length === 0) return [];
    throw inputError(
      'cannot-convert',
      `where Keras keeps the weights of a ${isQuantized(layer.settings) ? 'quantised ' : ''}layer of the class "${layer.className}" is not known here`,
      {
        where: { layer: layer.name, field: 'class_name' },
        hint: 'keep the model in the format it has',
      },
    );
  }
  return facts.map((fact) => layer.weights.find((weight) => weight.name === fact.name)!);
}

const DTYPES: readonly string[] = ['float16', 'bfloat16', 'float32', 'float64', 'int32', 'int64', 'uint8', 'bool'];

/** The dtype a tensor has in an HDF5 file. */
export function hdf5Dtype({ dtype }: Tensor, layer: Layer): Hdf5Dtype {
  if (DTYPES.includes(dtype)) return dtype as Hdf5Dtype;
  throw inputError('cannot-convert', `a weight of the dtype ${dtype} has no place in a Keras file`, {
    where: { layer: layer.name, field: 'weights' },
    hint: 'keep the model in the format it has',
  });
}
