import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import type { layers as kinds } from '@tensorflow/tfjs-layers';
import type { ConvolutionUnit } from '../runtime/convolution-units.js';
import { channelFactors, computeFolded, convolutionAttributes, foldNorm, isDepthwise } from '../runtime/folded-unit.js';
import { keepOnce } from '../runtime/kept-tensors.js';
import { clippingGradient } from '../runtime/quick-gradients.js';
import type { TensorFlow } from '../runtime/tensorflow.js';
import { channelShape } from './batch-norm.js';

type Core = TensorFlow['tf'];

/**
 * Computes a unit that nothing trains, with the norm folded into the kernel and the bias, once. The gradient is that of the input:
 * TensorFlow.js' own always computes those of kernels as well.
 */
export function frozenUnit(tf: Core, unit: ConvolutionUnit): (input: Tensor) => Tensor {
  const { activation } = unit;
  const folded = keepOnce(tf, () => foldNorm(tf, unit));
  return tf.customGrad((...[x, save]) => {
    const [input, keep] = [x as Tensor, save as (tensors: Tensor[]) => void];
    const weights = folded.get();
    const value = computeFolded(tf, unit, weights, input);
    if (activation !== undefined) keep([value]);
    const { shape } = input;
    const gradFunc = (dy: Tensor, saved: Tensor[]) =>
      tf.tidy(() => {
        const own = activation === undefined ? dy : clippingGradient(tf, activation, dy, saved[0]!);
        const kernelName = isDepthwise(unit) ? 'DepthwiseConv2dNativeBackpropInput' : 'Conv2DBackpropInput';
        const more = isDepthwise(unit) ? {} : { dataFormat: 'NHWC' };
        const attributes = { ...convolutionAttributes(unit), ...more, inputShape: shape } as unknown as NamedAttrMap;
        return tf.engine().runKernel<Tensor>(kernelName, { dy: own, filter: weights.filter }, attributes);
      });
    return { value, gradFunc };
  });
}

/** Computes a batch norm that nothing trains, of whatever axis, as one product and one sum. */
export function frozenNorm(tf: Core, layer: kinds.Layer): (input: Tensor) => Tensor {
  const factors = keepOnce(tf, () => {
    const { factor, offset } = channelFactors(tf, layer);
    return { factor, offset: tf.clone(offset) };
  });
  return tf.customGrad((x) => {
    const { factor, offset } = factors.get();
    const shape = channelShape(layer, x as Tensor);
    const value = tf.add(tf.mul(x as Tensor, tf.reshape(factor, shape)), tf.reshape(offset, shape));
    return { value, gradFunc: (dy: Tensor) => tf.tidy(() => tf.mul(dy, tf.reshape(factor, shape))) };
  });
}
