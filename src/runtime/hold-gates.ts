import type { Tensor } from '@tensorflow/tfjs-core';
import { pathKey } from '../model/weight-key.js';
import type { ExcitedModule } from './excite-model.js';
import { getGates } from './list-gates.js';
import type { LoadedModel } from './load-model.js';
import type { TensorFlow } from './tensorflow.js';
import { replaceCalls } from './watch-layers.js';

/**
 * Lets a loaded model compute with the mean gates of some modules in the place of their gates, as `bake` folds them.
 * @returns what ends it
 */
export function holdGates(
  { tf }: TensorFlow,
  { runs, model }: LoadedModel,
  modules: readonly Pick<ExcitedModule, 'name' | 'mean'>[],
): () => void {
  const means = new Map(modules.map(({ name, mean }) => [name, Float32Array.from(mean)]));
  const gates = new Map(getGates(model).map((gate) => [pathKey(gate.scale), gate]));
  return replaceCalls(runs, (path, call) => {
    const gate = gates.get(pathKey(path));
    const mean = gate && means.get(gate.name);
    if (gate === undefined || mean === undefined) return undefined;
    return (inputs, kwargs) => {
      const given = [...(inputs as readonly Tensor[])];
      const computed = given[gate.input]!;
      const axis = computed.rank === gate.channels.rank ? gate.channels.axis : computed.rank - 1;
      const shape = computed.shape.map((_, at) => (at === axis ? mean.length : 1));
      given[gate.input] = tf.add(tf.zerosLike(computed), tf.tensor(mean, shape));
      return call(given, kwargs);
    };
  });
}
