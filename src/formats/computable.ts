import { inputError } from '../errors.js';
import { type Format, type Model, newFormat } from '../model/model.js';
import { convertModel } from './convert-model.js';
import { findBlocker } from './verdict/loaders.js';

/** Format that TensorFlow.js computes with here. */
export const TFJS: Format = newFormat('tfjs', 'keras2');

/**
 * Converts a model of any format for TensorFlow.js, by which it is computed here. The weights stay where they are.
 * @throws RetrofitError `cannot-convert` or `cannot-compute`, naming the layer that TensorFlow.js does not have
 */
export const toComputable = (model: Model): Model => checkComputable(model, convertModel(model, TFJS));

/**
 * Checks that TensorFlow.js loads what a model was converted to for it, and returns that.
 * @throws RetrofitError `cannot-compute`
 */
export function checkComputable(model: Model, converted: Model): Model {
  const blocker = findBlocker(converted.graph, 'tfjs', { container: 'tfjs' });
  if (blocker === undefined) return converted;
  const { layer, field, reason } = blocker;
  throw inputError(
    'cannot-compute',
    `TensorFlow.js does not load the model: ${field === '' ? 'the layer' : field} ${reason}`,
    { where: { file: model.path, layer, field }, hint: 'compute with this model in the program that made it' },
  );
}
