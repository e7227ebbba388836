import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from './tensorflow.js';

interface Engine {
  trackTensor(tensor: Tensor, backend: object): void;
  disposeTensor(tensor: Tensor): void;
}

/**
 * Returns the most bytes of new data that tensors held while something was computed. Those that share their data, as a clone
 * does, count once; `tf.memory` counts each.
 */
export function peakOf(compute: () => void): number {
  const engine = tf.engine() as unknown as Engine;
  const { trackTensor, disposeTensor } = engine;
  const sharers = new Map<object, number>();
  const known = new Set<number>();
  let [bytes, most] = [0, 0];
  const add = ({ dataId, size }: Tensor, sign: 1 | -1) => {
    const before = sharers.get(dataId) ?? 0;
    sharers.set(dataId, before + sign);
    if (before === 0 || before + sign === 0) bytes += sign * 4 * size;
    most = Math.max(most, bytes);
  };
  engine.trackTensor = (tensor, backend) => {
    trackTensor.call(engine, tensor, backend);
    known.add(tensor.id);
    add(tensor, 1);
  };
  engine.disposeTensor = (tensor) => {
    if (known.delete(tensor.id)) add(tensor, -1);
    disposeTensor.call(engine, tensor);
  };
  compute();
  Reflect.deleteProperty(engine, 'trackTensor');
  Reflect.deleteProperty(engine, 'disposeTensor');
  return most;
}
