import type { NamedTensorMap, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import type { TensorFlow } from '../runtime/tensorflow.js';

// Of keras.optimizers.Adam.
const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-7;

/** A weight as Adam needs it: its variable's name finds its gradient. */
export type MovedWeight = Pick<LayerVariable, 'shape' | 'read'> & { readonly write: (value: Tensor) => unknown };

/** Adam, with one first and one second moment a trained weight. */
export interface Adam {
  readonly first: readonly Variable[];
  readonly second: readonly Variable[];
  /**
   * Moves the weights once.
   * @param gradients by the names of the weights' variables; a weight without one stays
   * @param step how many steps there were before, from 0
   */
  readonly move: (gradients: NamedTensorMap, rate: number, step: number) => void;
  readonly dispose: () => void;
}

/**
 * Adam as Keras computes it: epsilon is added to the root of the moment that is not corrected yet. TensorFlow.js' own adds
 * it to the corrected one, and so takes other first steps. Constraints of the weights hold after each step.
 */
export function createAdam(tf: TensorFlow['tf'], weights: readonly MovedWeight[]): Adam {
  const zeros = () => weights.map(({ shape }) => tf.tidy(() => tf.variable(tf.zeros(shape as number[]), false)));
  const [first, second] = [zeros(), zeros()];
  return {
    first,
    second,
    move: (gradients, rate, step) =>
      tf.tidy(() => {
        const corrected = (rate * Math.sqrt(1 - SECOND_DECAY ** (step + 1))) / (1 - FIRST_DECAY ** (step + 1));
        weights.forEach((weight, index) => {
          const value = weight.read();
          const gradient = gradients[(value as Variable).name];
          if (gradient === undefined || gradient === null) return;
          const [m, v] = [first[index]!, second[index]!];
          m.assign(tf.add(m, tf.mul(tf.sub(gradient, m), 1 - FIRST_DECAY)));
          v.assign(tf.add(v, tf.mul(tf.sub(tf.square(gradient), v), 1 - SECOND_DECAY)));
          weight.write(tf.sub(value, tf.div(tf.mul(m, corrected), tf.add(tf.sqrt(v), EPSILON))));
        });
      }),
    dispose: () => tf.dispose([...first, ...second]),
  };
}

/** The learning rate of a step: half a cosine from the first step's down to 0 behind the last (keras' CosineDecay). */
export const cosineRate = (first: number, step: number, steps: number): number =>
  (first * (1 + Math.cos((Math.PI * step) / steps))) / 2;
