import { deviationOf, type Tally } from './gate-tally.js';

/**
 * Variation of gates, as mean variances over the channels of a module, the range of its gates taken as 1. `between` and
 * `within` are the two parts of the law of total variance, Var(gate) = Var(E[gate | class]) + E[Var(gate | class)],
 * estimated without bias: the means of classes with few images differ by chance, so the part that chance explains is
 * subtracted from `between`, which may then be negative. Both are null where classes cannot be told from chance: with
 * one class, or with one image a class.
 */
export interface Variances {
  readonly total: number;
  readonly between: number | null;
  readonly within: number | null;
}

/**
 * Computes the variances of a module's gates.
 * @param all every observation
 * @param within the sum over the classes of the squared differences from the class's own mean, a channel
 * @param range the largest value of a gate: 1, or 2 where it is doubled
 */
export function variancesOf(all: Tally, within: Float64Array, classes: number, range: number): Variances {
  const channels = all.mean.length;
  const unit = 1 / (channels * range * range);
  const [totalSum, withinSum] = [sum(all.squares), sum(within)];
  if (classes < 2 || all.count <= classes) {
    return { total: all.count < 2 ? 0 : (totalSum / (all.count - 1)) * unit, between: null, within: null };
  }
  const noise = withinSum / (all.count - classes);
  const between = (totalSum - withinSum - (classes - 1) * noise) / all.count;
  return { total: Math.max(0, between + noise) * unit, between: between * unit, within: noise * unit };
}

/**
 * The share of the variance that the classes explain, from 0 to 1: omega squared (Hays 1963), channels counted by how
 * much they vary. Zero where it cannot be known, and where nothing varies.
 */
export const specificityOf = ({ between, within }: Variances): number =>
  between === null || within === null || between <= 0 ? 0 : between / (between + within);

/** Variances of several modules as one, each counted by its channels. */
export function pooled(modules: readonly { readonly channels: number; readonly variances: Variances }[]): Variances {
  const channels = modules.reduce((all, module) => all + module.channels, 0);
  const mean = (part: keyof Variances) =>
    modules.reduce<number | null>((all, module) => {
      const value = module.variances[part];
      return all === null || value === null ? null : all + (value * module.channels) / channels;
    }, 0);
  return { total: mean('total') ?? 0, between: mean('between'), within: mean('within') };
}

/** Statistics of a module's gates in one class. */
export interface ClassGates {
  readonly observations: number;
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Kept for every class: half the size that they were computed in. */
export const classGatesOf = (tally: Tally): ClassGates => ({
  observations: tally.count,
  mean: Float32Array.from(tally.mean),
  deviation: Float32Array.from(deviationOf(tally)),
});

/**
 * Computes the distance of two classes: the root mean square over the channels of the difference of their mean gates,
 * the range taken as 1, less the part that chance explains with so few images.
 */
export function distanceOf(left: ClassGates, right: ClassGates, range: number): number {
  const channels = left.mean.length;
  let squares = 0;
  for (let channel = 0; channel < channels; channel++) {
    squares += (left.mean[channel]! - right.mean[channel]!) ** 2;
    squares -= left.deviation[channel]! ** 2 / left.observations + right.deviation[channel]! ** 2 / right.observations;
  }
  return Math.sqrt(Math.max(0, squares) / channels) / range;
}

const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0);
