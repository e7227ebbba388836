import type { Plain, PlainObject } from '../json/json-value.js';
import { dtypePolicy, isQuantized } from '../layers/dtype-policy.js';
import { distribute, type Layer, newLayer, type TensorRef } from '../model/model.js';
import { generatedTensor, type Weight } from '../model/tensor.js';
import { glorotUniform, heUniform, mirroredHeUniform } from './initial-weights.js';
import { type ModulePart, partsOf, projectionClass, squeezeClass } from './module-classes.js';

/** Design of one module. */
export interface ModuleDesign {
  readonly name: string;
  readonly channels: number;
  readonly units: number;
  readonly spatialRank: 1 | 2 | 3;
  /** Axes of steps before the spatial axes: each step has a gate of its own. */
  readonly stepAxes: number;
  readonly isChannelsFirst: boolean;
  /** Whether it is frozen, as the wrapper around it is. */
  readonly isFrozen: boolean;
  readonly form: 'dense' | 'conv';
  readonly squeeze: 'avg' | 'max';
  readonly bias: boolean;
  readonly init: 'identity' | 'paper';
  readonly seed: number;
  /** Whether the gate is doubled, because the factor 2 goes nowhere else. */
  readonly doubleGate: boolean;
  /** The dtype policy of the layer before. */
  readonly dtype: unknown;
}

/**
 * The layers of one module, squeeze to scale in the order in which they run, called once for each tensor.
 * Expand starts at zero, so that every gate is sigmoid(0) = 0.5.
 */
export function moduleLayers(design: ModuleDesign, tensors: readonly TensorRef[]): readonly Layer[] {
  const { channels, units, form } = design;
  const parts = partsOf(form, design.doubleGate);
  const dataFormat = design.isChannelsFirst ? 'channels_first' : 'channels_last';
  const ones = Array<number>(design.spatialRank).fill(1);
  const projection = (outputs: number, activation: string): PlainObject =>
    form === 'dense'
      ? { units: outputs, activation, use_bias: design.bias }
      : {
          filters: outputs,
          kernel_size: ones,
          padding: 'valid',
          data_format: dataFormat,
          activation,
          use_bias: design.bias,
        };
  const classAndSettings: Record<ModulePart, readonly [string, PlainObject]> = {
    squeeze: [squeezeClass(design.squeeze, design.spatialRank), { data_format: dataFormat }],
    reduce: [projectionClass(form, design.spatialRank), projection(units, 'relu')],
    expand: [projectionClass(form, design.spatialRank), projection(channels, 'sigmoid')],
    double: ['Add', {}],
    reshape: ['Reshape', { target_shape: design.isChannelsFirst ? [channels, ...ones] : [...ones, channels] }],
    scale: ['Multiply', {}],
  };
  const nameOf = (part: ModulePart) => `${design.name}_${part}`;

  return parts.map((part, index): Layer => {
    const [className, settings] = classAndSettings[part];
    const layer = newLayer(className, nameOf(part), {
      name: nameOf(part),
      trainable: !design.isFrozen,
      dtype: part === 'scale' ? ownDtype(design.dtype) : gateDtype(design.dtype),
      ...settings,
    });
    const before = index === 0 ? undefined : nameOf(parts[index - 1]!);
    const calls = tensors.map((features, call) => {
      const previous: TensorRef = before === undefined ? features : { layer: before, call, tensor: 0 };
      // Features first: Keras walks the first input first, and the walk must not grow with every module.
      if (part === 'scale') return { inputs: [features, previous] };
      return { inputs: part === 'double' ? [previous, previous] : [previous] };
    });
    const whole = { ...layer, calls, weights: weightsOf(part, nameOf(part), design) };
    // Layers of two inputs cannot be wrapped, and need not be.
    return part === 'scale' || part === 'double' ? whole : distribute(whole, design.stepAxes);
  });
}

function weightsOf(part: ModulePart, name: string, design: ModuleDesign): readonly Weight[] {
  if (part !== 'reduce' && part !== 'expand') return [];
  const [inputs, outputs] = part === 'reduce' ? [design.channels, design.units] : [design.units, design.channels];
  const shape = [...(design.form === 'conv' ? Array<number>(design.spatialRank).fill(1) : []), inputs, outputs];
  const kernel = generatedTensor(shape, () => initialKernel(part, inputs, outputs, name, design));
  const bias = generatedTensor([outputs], () => new Float32Array(outputs));
  return [{ name: 'kernel', tensor: kernel }, ...(design.bias ? [{ name: 'bias', tensor: bias }] : [])];
}

function initialKernel(
  part: 'reduce' | 'expand',
  inputs: number,
  outputs: number,
  name: string,
  { init, seed }: ModuleDesign,
) {
  if (part === 'reduce') return (init === 'paper' ? heUniform : mirroredHeUniform)(inputs, outputs, seed, name);
  return init === 'paper' ? glorotUniform(inputs, outputs, seed, name) : new Float32Array(inputs * outputs);
}

/**
 * Returns the dtype policy of the layer before, without the quantisation of that layer alone. A policy object may be
 * shared in the file under an id: the copy is not.
 */
function ownDtype(dtype: unknown): Plain {
  const config = { dtype: dtype as Plain };
  if (isQuantized(config)) return dtypePolicy(config);
  if (typeof dtype === 'string') return dtype;
  if (typeof dtype !== 'object' || dtype === null) return 'float32';
  const { shared_object_id: _, ...policy } = dtype as PlainObject;
  return policy;
}

const WIDE: readonly string[] = ['float32', 'float64'];

/** A sum over a large feature map overflows in half precision: the gate is computed in float32 then. */
const gateDtype = (dtype: unknown): Plain =>
  WIDE.includes(dtypePolicy({ dtype: dtype as Plain })) ? ownDtype(dtype) : 'float32';
