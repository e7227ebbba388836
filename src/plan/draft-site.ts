import { computesNoFloats } from '../layers/dtype-policy.js';
import { factsOf } from '../layers/known-layers.js';
import type { Loader } from '../layers/layer-facts.js';
import { MAX_KERNEL_SIZE } from '../limits.js';
import { loaderOf, type Model } from '../model/model.js';
import { hintedShape } from '../model/shape-hints.js';
import { projectionClass, squeezeClass } from '../se/module-classes.js';
import { channelsAxisOf, shapeOf } from '../stages/graph-view.js';
import type { Candidate, PlacedIn } from './candidates.js';
import { moduleUnits } from './cost.js';
import type { RetrofitOptions } from './options.js';
import type { SkipReason } from './plan.js';

/** A site before its compensation, its name and its cost are known. */
export interface Draft {
  readonly candidate: Candidate;
  readonly places: readonly PlacedIn[];
  readonly channels: number;
  readonly spatialRank: 1 | 2 | 3;
  /** Axes of steps between the batch and the features: each step has a gate of its own. */
  readonly stepAxes: number;
  readonly isChannelsFirst: boolean;
}

/** Determines the module for a candidate's place, or why there can be none. */
export function draftSite(candidate: Candidate, options: RetrofitOptions, model: Model): Draft | SkipReason {
  const { view, place } = candidate.places[0]!;
  const shape = shapeOf(view, place);
  if (shape === undefined)
    return hintedShape(view.nodes, place) === 'disagree' ? 'channels-disagree' : 'channels-unknown';
  const stepAxes = view.stepAxes[place.node]!;
  const spatialRank = shape.length - 2 - stepAxes;
  if (spatialRank !== 1 && spatialRank !== 2 && spatialRank !== 3) return 'no-features';
  const channels = shape[channelsAxisOf(view, place.node, shape.length)];
  if (channels === null || channels === undefined) return 'channels-unknown';
  if (channels * moduleUnits(channels, options) > MAX_KERNEL_SIZE) return 'too-many-channels';
  const isAlike = ({ view: other, place: at }: PlacedIn) => {
    const own = shapeOf(other, at);
    return (
      own?.length === shape.length &&
      other.stepAxes[at.node] === stepAxes &&
      own[channelsAxisOf(other, at.node, own.length)] === channels
    );
  };
  if (!candidate.places.every(isAlike)) return 'calls-differ';
  if (!candidate.places.every((placed) => meetsOperands(placed, channels))) return 'channels-disagree';
  // A module weighs channels against each other: an image, a score or a map of attention has too few for that.
  if (channels < 2 * options.minUnits) return 'too-few-channels';
  const loader = loaderOf(model.format);
  const classes = [squeezeClass(options.squeeze, spatialRank), projectionClass(options.form, spatialRank)];
  const lost = loader === 'tfjs' ? whyNotInTfjs(candidate) : whyNotInKeras(candidate, loader);
  if (lost !== undefined) return lost;
  if (!classes.every((className) => factsOf(className, {}).loads.includes(loader))) return 'loader-lacks-layer';
  return {
    candidate,
    places: candidate.places,
    channels,
    spatialRank,
    stepAxes,
    isChannelsFirst: view.isChannelsFirst,
  };
}

/** Tells whether whatever is added to a place has its channels too, or one. */
const meetsOperands = ({ view, place }: PlacedIn, channels: number): boolean =>
  view.nodes[place.node]!.readers.every(({ node: reader, tensor }) => {
    if (tensor !== place.tensor || view.facts[reader]!.role !== 'add') return true;
    return view.nodes[reader]!.inputs.every((input) => {
      const shape = shapeOf(view, input);
      const own = shape?.[channelsAxisOf(view, place.node, shape.length)] ?? 1;
      return own === 1 || channels === 1 || own === channels;
    });
  });

const carriesMask = ({ places }: Candidate): boolean => places.some(({ view, place }) => view.isMasked[place.node]);

/** Returns why a module would not run in TensorFlow.js, where it computes something else than the config says. */
function whyNotInTfjs(candidate: Candidate): SkipReason | undefined {
  if (carriesMask(candidate)) return 'carries-mask';
  return candidate.places.some(({ view, place }) => view.keepdimsMismatches.has(place.node))
    ? 'keepdims-ignored'
    : undefined;
}

/**
 * A product with a gate, which has no mask, has none either in Keras 3; in Keras 2 it keeps the other's.
 * Source: `compute_mask` in keras 3.15 (src/layers/merging/base_merge.py). TensorFlow.js reads past a dtype.
 */
function whyNotInKeras(candidate: Candidate, loader: Loader): SkipReason | undefined {
  if (loader === 'keras3' && carriesMask(candidate)) return 'carries-mask';
  const isWhole = candidate.places.some(({ view, place }) => computesNoFloats(view.nodes[place.node]!.layer.settings));
  return isWhole ? 'no-floats' : undefined;
}
