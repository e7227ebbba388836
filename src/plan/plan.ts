import type { TensorRef, Warning } from '../model/model.js';
import { weightKey } from '../model/weight-key.js';
import type { Block, Network } from '../stages/network.js';
import type { Placement, RetrofitOptions } from './options.js';

/** Means by which a site stays exact until its module is trained; null where it does not (`init: 'paper'`). */
export type ExactBy = 'norm' | 'conv' | 'dense' | 'branches' | 'consumers' | 'doubled-gate' | null;

/** One tensor to scale, in the graph at the site's path, and who reads the scaled one from then on. */
export interface ScaledTensor {
  readonly tensor: TensorRef;
  /** The calls that are redirected to the scaled tensor. */
  readonly readers: readonly { readonly layer: string; readonly call: number }[];
  /** Whether the tensor is an output of its graph, and the scaled one is to take its place. */
  readonly isOutput: boolean;
}

/** One SE module to add. A site on calls of shared layers has a tensor for each call. */
export interface Site {
  /** Base of the names of its layers: `se_<stage>_<block>`. */
  readonly name: string;
  readonly stage: number;
  /** Null for a whole stage's module. */
  readonly block: number | null;
  /** The layer whose output is scaled. */
  readonly after: string;
  /** Names of the nested models around it, outermost first. */
  readonly graph: readonly string[];
  readonly tensors: readonly ScaledTensor[];
  readonly channels: number;
  readonly units: number;
  readonly placement: Placement;
  readonly exactBy: ExactBy;
  /** Weights that are doubled for it, in its own graph. */
  readonly doublings: readonly Doubling[];
  readonly spatialRank: 1 | 2 | 3;
  /** Axes of steps between the batch and the features: the module is wrapped so many times. */
  readonly stepAxes: number;
  readonly isChannelsFirst: boolean;
  /** Whether it is made frozen: Keras 2 cannot read a `.h5` of a frozen TimeDistributed in which something trains. */
  readonly isFrozen: boolean;
  /** The dtype policy of the layer before, as its config has it; undefined where it has none. */
  readonly dtype: unknown;
  readonly params: number;
  /** Null where the size of the features is only known when the model runs. */
  readonly macs: number | null;
  /** Additions of the squeeze, for one image. */
  readonly additions: number | null;
}

/** A weight whose values are doubled so that a gate of one half changes nothing. */
export interface Doubling {
  readonly graph: readonly string[];
  readonly layer: string;
  readonly weight: string;
  readonly exponent: number;
}

/** A key of the weight that a doubling is about. */
export const doublingKey = ({ graph, layer, weight }: Omit<Doubling, 'exponent'>): string =>
  weightKey(graph, layer, weight);

export type SkipReason =
  | 'has-module'
  | 'stage-not-chosen'
  | 'stage-skipped'
  | 'not-included'
  | 'excluded'
  | 'no-such-place'
  | 'place-taken'
  | 'not-last-of-stage'
  | 'channels-unknown'
  | 'channels-disagree'
  | 'calls-differ'
  | 'too-many-channels'
  | 'too-few-channels'
  | 'no-features'
  | 'no-floats'
  | 'loader-lacks-layer'
  | 'carries-mask'
  | 'keepdims-ignored'
  | 'makes-logits'
  | 'makes-gate'
  | 'no-non-linearity'
  | 'no-shortcut';

export interface Skipped {
  readonly layer: string;
  readonly stage: number;
  readonly reason: SkipReason;
}

export interface PlannedStage {
  readonly stage: number;
  readonly stride: number;
  readonly size: readonly (number | null)[];
  readonly channels: number | null;
  readonly blocks: readonly Block[];
  readonly sites: readonly Site[];
  /** Whether the options leave the stage out. */
  readonly skipped: boolean;
}

/** Everything that a retrofit will do, as data. */
export interface Plan {
  readonly options: RetrofitOptions;
  readonly network: Network;
  readonly stages: readonly PlannedStage[];
  readonly sites: readonly Site[];
  readonly skipped: readonly Skipped[];
  /** One entry a weight, for all sites together. */
  readonly doublings: readonly Doubling[];
  /** `paper` is the number by the paper's formula for the same sites: no floor, no biases. */
  readonly params: { readonly before: number; readonly added: number; readonly paper: number };
  readonly macs: { readonly before: number | null; readonly added: number | null; readonly additions: number | null };
  /** Whether the new model computes the same as the old one. */
  readonly exact: boolean;
  readonly warnings: readonly Warning[];
}
