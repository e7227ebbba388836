import type { NamedTensorMap, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import type { TensorFlow } from '../runtime/tensorflow.js';

// Of keras.optimizers.Adam.
const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-7;

/** A weight as Adam needs it: its variable's name finds its gradient. */
export type MovedWeight = Pick<LayerVariable, 'shape' | 'read'> & { readonly write: (value: Tensor) => unknown };

/** Adam, with a first and a second moment of each trained weight. */
export interface Adam {
  /** Of some weights together, one after the other. */
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

/** Small weights are computed together, up to so many numbers: each operation has its price, whatever its size. */
const MOST_TOGETHER = 2 ** 18;

/**
 * Adam as Keras computes it: epsilon is added to the root of the moment that is not corrected yet. TensorFlow.js' own adds
 * it to the corrected one, and so takes other first steps. Constraints of the weights hold after each step.
 */
export function createAdam(tf: TensorFlow['tf'], weights: readonly MovedWeight[]): Adam {
  const groups = inGroups(weights);
  const zeros = () =>
    groups.map((group) =>
      tf.tidy(() => tf.variable(tf.zeros([group.reduce((sum, weight) => sum + sizeOf(weight), 0)]), false)),
    );
  const [first, second] = [zeros(), zeros()];
  const flat = (tensors: readonly Tensor[]) =>
    tensors.length === 1 ? tf.reshape(tensors[0]!, [-1]) : tf.concat(tensors.map((each) => vector(tf, each)));
  return {
    first,
    second,
    move: (gradients, rate, step) => {
      const corrected = (rate * Math.sqrt(1 - SECOND_DECAY ** (step + 1))) / (1 - FIRST_DECAY ** (step + 1));
      const moveTogether = (group: readonly MovedWeight[], index: number) => {
        const values = group.map((weight) => weight.read());
        const known = values.map((value) => gradients[(value as Variable).name] ?? undefined);
        if (known.every((gradient) => gradient === undefined)) return;
        // No gradient, and moments of 0: moved by 0.
        const gradient = flat(known.map((each, at) => each ?? tf.zerosLike(values[at]!)));
        const [m, v] = [first[index]!, second[index]!];
        m.assign(tf.add(m, tf.mul(tf.sub(gradient, m), 1 - FIRST_DECAY)));
        v.assign(tf.add(v, tf.mul(tf.sub(tf.square(gradient), v), 1 - SECOND_DECAY)));
        const moved = tf.sub(flat(values), tf.div(tf.mul(m, corrected), tf.add(tf.sqrt(v), EPSILON)));
        const parts =
          group.length === 1
            ? [moved]
            : tf.split(
                moved,
                values.map(({ size }) => size),
              );
        for (const [at, weight] of group.entries())
          if (known[at] !== undefined) weight.write(tf.reshape(parts[at]!, values[at]!.shape));
      };
      // What one group takes, a dozen times its size, is gone before the next.
      for (const [index, group] of groups.entries()) tf.tidy(() => moveTogether(group, index));
    },
    dispose: () => tf.dispose([...first, ...second]),
  };
}

const vector = (tf: TensorFlow['tf'], tensor: Tensor): Tensor =>
  tensor.rank === 1 ? tensor : tf.reshape(tensor, [-1]);

const sizeOf = ({ shape }: MovedWeight): number => shape.reduce<number>((product, size) => product * size!, 1);

/** The weights in their order, neighbours together as far as they are small. */
function inGroups(weights: readonly MovedWeight[]): readonly (readonly MovedWeight[])[] {
  const groups: MovedWeight[][] = [];
  let together = Number.POSITIVE_INFINITY;
  for (const weight of weights) {
    together += sizeOf(weight);
    if (together <= MOST_TOGETHER) groups.at(-1)!.push(weight);
    else {
      groups.push([weight]);
      together = sizeOf(weight);
    }
  }
  return groups;
}

/** The learning rate of a step: half a cosine from the first step's down to 0 behind the last (keras' CosineDecay). */
export const cosineRate = (first: number, step: number, steps: number): number =>
  (first * (1 + Math.cos((Math.PI * step) / steps))) / 2;
