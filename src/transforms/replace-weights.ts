import { usageError } from '../errors.js';
import type { Model } from '../model/model.js';
import { FLOATS, replacedTensor, type Tensor, tensorSize } from '../model/tensor.js';
import { mapTensors } from './map-tensors.js';

/** A weight's new values in row-major order, or what makes them when they are written. */
export type NewValues = Float32Array | (() => Float32Array);

/**
 * Gives weights of a model new values. Pure: they are written in the place and the precision of the old ones; only a
 * quantised weight of TensorFlow.js is written as float32.
 * @param values by `weightKey`: the names of the nested models around the layer, the layer's, the weight's
 * @throws RetrofitError `unknown-weight` for a key that is none of the model's, `bad-values` for another number of values
 * than the weight has, and for a weight of whole numbers
 * @example
 * const model = await readModel('model.json');
 * const trained = new Float32Array([0.1, 0.2, 0.3, 0.4, 0.5]);
 * const after = replaceWeights(model, new Map([[weightKey([], 'predictions', 'bias'), trained]]));
 */
export function replaceWeights(model: Model, values: ReadonlyMap<string, NewValues>): Model {
  const unused = new Set(values.keys());
  const graph = mapTensors(model.graph, (weight, key, layer) => {
    const own = values.get(key);
    if (own === undefined) return weight.tensor;
    unused.delete(key);
    return withValues(weight.tensor, own, layer, weight.name);
  });
  const [unknown] = unused;
  if (unknown !== undefined) {
    throw usageError('unknown-weight', `the model has no weight ${unknown}`, {
      hint: 'weights go by the names of the nested models, of the layer and of the weight',
    });
  }
  return { ...model, graph };
}

function withValues(tensor: Tensor, values: NewValues, layer: string, weight: string): Tensor {
  const wrong = (message: string) =>
    usageError('bad-values', `the weight "${weight}" ${message}`, {
      where: { layer, field: weight },
      hint: 'give as many floating-point numbers as the weight has',
    });
  if (!FLOATS.includes(tensor.dtype)) throw wrong(`is stored as ${tensor.dtype}`);
  const checked = (given: Float32Array) => {
    if (!(given instanceof Float32Array)) throw wrong('takes a Float32Array, or a function that makes one');
    if (given.length !== tensorSize(tensor)) throw wrong(`has ${tensorSize(tensor)} values, not ${given.length}`);
    return given;
  };
  if (typeof values === 'function') return replacedTensor(tensor, () => checked(values()));
  checked(values);
  return replacedTensor(tensor, () => values);
}
