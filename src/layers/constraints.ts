import { isPlainObject, type Plain, type PlainObject } from '../json/json-value.js';
import { numberIn } from './config.js';
import { translateObject } from './config-objects.js';

// Change that TensorFlow.js makes to a weight by its constraint, which it applies when it loads the weight; Keras
// applies it in training alone. Source: src/constraints.ts of tfjs-layers 4.22.

/** A constraint on a weight: on each number, or on the norms over some axes. */
export type Projection =
  | { readonly kind: 'sign' }
  | {
      readonly kind: 'norm';
      readonly axes: readonly number[];
      /** The norm that a given norm is brought to. */
      readonly desired: (norm: number) => number;
    };

/** Returns the projection by which a `kernel_constraint` changes a weight of this rank; undefined if unknown. */
export function projectionOf(constraint: Plain, rank: number): Projection | undefined {
  const written = isPlainObject(constraint) ? constraint.class_name : constraint;
  const name = typeof written === 'string' ? translateObject('constraint', written, 'tfjs')?.className : undefined;
  const config: PlainObject = isPlainObject(constraint) && isPlainObject(constraint.config) ? constraint.config : {};
  if (name === 'NonNeg') return { kind: 'sign' };
  const axes = axesOf(config.axis ?? 0, rank);
  const desired = name === undefined ? undefined : desiredNorm(name, config);
  return axes === undefined || desired === undefined ? undefined : { kind: 'norm', axes, desired };
}

function axesOf(axis: Plain, rank: number): readonly number[] | undefined {
  const axes = [axis].flat().map((each) => (typeof each === 'number' && each < 0 ? each + rank : each));
  const isAxis = (each: Plain): each is number => typeof each === 'number' && each >= 0 && each < rank;
  return axes.every(isAxis) ? axes : undefined;
}

function desiredNorm(name: string, config: PlainObject): ((norm: number) => number) | undefined {
  if (name === 'UnitNorm') return () => 1;
  if (name !== 'MaxNorm' && name !== 'MinMaxNorm') return undefined;
  const isMax = name === 'MaxNorm';
  const least = isMax ? 0 : (numberIn(config, 'min_value') ?? 0);
  const most = numberIn(config, 'max_value') ?? (isMax ? 2 : 1);
  const rate = isMax ? 1 : (numberIn(config, 'rate') ?? 1);
  return (norm) => rate * Math.min(Math.max(norm, least), most) + (1 - rate) * norm;
}
