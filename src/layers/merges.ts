import type { PlainObject } from '../json/json-value.js';
import { axisOf } from './config.js';
import {
  ALL,
  commutes,
  KERAS,
  type LayerFacts,
  type LayerRole,
  type Loader,
  passesMask,
  type Shape,
  shapeText,
  type TfjsRefusal,
  type Wording,
} from './layer-facts.js';
import { AXES, orNull } from './size-rules.js';

/** The shape that numbers of these shapes broadcast to; undefined where one of them is unknown. */
function broadcast(_config: PlainObject, inputs: readonly (Shape | undefined)[]): Shape | undefined {
  const [first, ...rest] = inputs;
  if (first === undefined) return undefined;
  return rest.reduce<Shape | undefined>((left, right) => {
    if (left === undefined || right === undefined) return undefined;
    const [long, short] = left.length >= right.length ? [left, right] : [right, left];
    // Keras adds missing axes behind the batch: [N, C] meets [N, H, W, C] in the channels.
    const missing = long.length - short.length;
    return long.map((size, axis) => {
      if (axis === 0) return size ?? short[0] ?? null;
      const other = axis <= missing ? 1 : short[axis - missing]!;
      return size === 1 ? other : size;
    });
  }, first);
}

const apart = (one: Shape, other: Shape): string =>
  `gives it ${shapeText(one)} and ${shapeText(other)}, which do not go together`;

const differ = (one: number | null, other: number | null | undefined): boolean =>
  one !== null && other !== null && other !== undefined && one !== other;

/** Sizes that neither are the same nor stretch. */
function broadcastMisfit(_config: PlainObject, inputs: readonly (Shape | undefined)[]): string | undefined {
  const shapes = inputs.filter((shape) => shape !== undefined);
  for (const [index, one] of shapes.entries()) {
    for (const other of shapes.slice(index + 1)) {
      // The batch stands before the axes that are missing.
      const [left, right] = [one, other].map((shape) => shape.slice(1).reverse());
      if (left!.some((size, axis) => size !== 1 && right![axis] !== 1 && differ(size, right![axis])))
        return apart(one, other);
    }
  }
  return undefined;
}

/** Sizes may differ along the config's `axis` alone. */
function concatenationMisfit(config: PlainObject, inputs: readonly (Shape | undefined)[]): string | undefined {
  const [first, ...others] = inputs.filter((shape) => shape !== undefined);
  if (first === undefined) return undefined;
  const joined = axisOf(config.axis ?? -1, first.length);
  const other = others.find(
    (shape) =>
      shape.length !== first.length || first.some((size, axis) => axis !== joined && differ(size, shape[axis])),
  );
  return other && apart(first, other);
}

/** Sizes add up along the config's `axis`. */
export function concatenated(config: PlainObject, inputs: readonly (Shape | undefined)[]): Shape | undefined {
  const first = inputs[0];
  if (first === undefined) return undefined;
  const axis = axisOf(config.axis ?? -1, first.length);
  if (axis === undefined) return undefined;
  return first.map((size, index) => {
    const others = inputs.map((shape) => shape?.[index] ?? null);
    if (index !== axis) return size ?? others.find((other) => other !== null) ?? null;
    return others.includes(null) ? null : others.reduce<number>((sum, other) => sum + other!, 0);
  });
}

/** TensorFlow.js takes every negative axis for the last one. */
const lastAxis = ({ axis }: PlainObject): PlainObject => (typeof axis === 'number' && axis < -1 ? { axis: -1 } : {});

function countedAxis({ axis }: PlainObject, calls: readonly (Shape | undefined)[]): Wording | TfjsRefusal | undefined {
  if (typeof axis !== 'number' || axis >= -1) return undefined;
  const ranks = new Set(calls.map((shape) => shape?.length));
  const [rank] = ranks;
  if (rank !== undefined && ranks.size === 1) return { fields: { axis: axis + rank } };
  return {
    field: 'axis',
    reason: `its axis is ${axis}, TensorFlow.js takes every negative axis for the last one, and the rank of its inputs is not known`,
    hint: 'give the layer a positive axis',
  };
}

const merge = (
  className: string,
  role: LayerRole,
  loads: readonly Loader[],
  more: Partial<LayerFacts>,
): LayerFacts => ({
  className,
  role,
  loads,
  fields: '',
  outputShape: broadcast,
  misfit: broadcastMisfit,
  weights: () => [],
  masking: passesMask,
  // The masks that TensorFlow.js joins keep an axis too many.
  masksDifferIn: ['tfjs'],
  joinsMasks: true,
  ...more,
});

export const MERGES: readonly LayerFacts[] = [
  merge('Add', 'add', ALL, { scaling: commutes, keepsOnlyOutput: true }),
  // Keras 3 joins masks by operations that it calls like the layer, and does not load two of one name.
  merge('Concatenate', 'concatenate', ALL, {
    fields: 'axis',
    sizes: { axis: orNull(AXES) },
    outputShape: concatenated,
    misfit: concatenationMisfit,
    joinedAxis: ({ axis }) => axis ?? -1,
    readByTfjs: lastAxis,
    writtenForTfjs: countedAxis,
    scaling: commutes,
    masksDifferIn: ['keras3'],
    keepsOnlyOutput: true,
  }),
  merge('Average', 'merge', ALL, { scaling: commutes }),
  merge('Maximum', 'merge', ALL, { scaling: commutes }),
  merge('Minimum', 'merge', ALL, { scaling: commutes }),
  merge('Subtract', 'merge', KERAS, { scaling: commutes }),
  merge('Multiply', 'multiply', ALL, { keepsOnlyOutput: true }),
  {
    className: 'Dot',
    role: 'merge',
    loads: ALL,
    fields: 'axes normalize',
    mostAxes: { loader: 'tfjs', count: 3 },
    weights: () => [],
  },
  // Inception-ResNet v2 in keras.applications: inputs[0] + scale * inputs[1].
  {
    className: 'CustomScaleLayer',
    role: 'add',
    loads: KERAS,
    fields: 'scale',
    module: 'keras.src.applications.inception_resnet_v2',
    registeredName: 'Custom>CustomScaleLayer',
    outputShape: broadcast,
    weights: () => [],
  },
];
