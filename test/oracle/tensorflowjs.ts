import { loadModel, predict, tf } from '../support/tensorflow.js';
import { numbersOf, type Oracle, type SavedModel } from './oracle.js';
import { expectClose } from './saved-models.js';

/** Real TensorFlow.js, on the backend in use, computes what Keras does, on the same inputs. */
export async function expectCloseInTensorFlowJs(keras: Oracle, saved: SavedModel, web: string): Promise<void> {
  const { inputs, outputs } = await keras.outputs(saved);
  const loaded = await loadModel(web);
  const tensors = inputs.map((input) => tf.tensor(numbersOf(input), [...input.shape]));
  const predicted = predict(loaded, tensors);
  for (const [index, output] of outputs.entries()) expectClose(predicted[index]!, numbersOf(output));
  loaded.dispose();
  for (const tensor of tensors) tensor.dispose();
}
