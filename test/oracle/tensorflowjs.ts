import { loadModel, predict, tf } from '../support/tensorflow.js';
import { numbersOf, type Oracle } from './oracle.js';
import { expectClose } from './saved-models.js';

type Asked = Awaited<ReturnType<Oracle['outputs']>>;

/** Real TensorFlow.js, on the backend in use, computes from the same inputs what Keras did. */
export async function expectCloseInTensorFlowJs(
  web: string,
  { inputs, outputs }: Asked,
  tolerance?: number,
): Promise<void> {
  const loaded = await loadModel(web);
  const tensors = inputs.map((input) => tf.tensor(numbersOf(input), [...input.shape]));
  const predicted = predict(loaded, tensors);
  for (const [index, output] of outputs.entries()) expectClose(predicted[index]!, numbersOf(output), tolerance);
  loaded.dispose();
  for (const tensor of tensors) tensor.dispose();
}
