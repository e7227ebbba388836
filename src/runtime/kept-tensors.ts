import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorFlow } from './tensorflow.js';

/** Tensors that outlive the computation that made them. */
export interface KeptTensors<T> {
  readonly get: () => T;
  readonly dispose: () => void;
}

/** Makes tensors when they are first wanted, and keeps them. */
export function keepOnce<T extends Readonly<Record<string, Tensor | undefined>>>(
  tf: TensorFlow['tf'],
  make: () => T,
): KeptTensors<T> {
  let made: T | undefined;
  const all = () => Object.values(made ?? {}).filter((tensor) => tensor !== undefined);
  return {
    get: () => {
      if (made === undefined) {
        tf.tidy(() => {
          made = make();
          for (const tensor of all()) tf.keep(tensor);
        });
      }
      return made!;
    },
    dispose: () => {
      tf.dispose(all());
      made = undefined;
    },
  };
}
