import type { Tensor } from '@tensorflow/tfjs-core';
import { inputError, reasonOf } from '../errors.js';
import { type BatchOptions, imageBatches } from '../images/image-batches.js';
import type { ImageFolder } from '../images/read-image-folder.js';
import { pathKey } from '../model/weight-key.js';
import { type ClassGates, classGatesOf, specificityOf, type Variances, variancesOf } from './gate-statistics.js';
import { addObservation, addTally, deviationOf, newTally, type Tally } from './gate-tally.js';
import { type Gate, getGates, noModules } from './list-gates.js';
import type { LoadedModel } from './load-model.js';
import { makePredictor } from './predictor.js';
import type { TensorFlow } from './tensorflow.js';
import { watchLayers } from './watch-layers.js';
import { refuseHiddenNaN } from './weights-not-finite.js';

/** A gate this near to an end of its range, as a share of the range, hardly learns any more and hardly moves. */
export const SATURATED_WITHIN = 0.1;

/** Statistics of a module's gates over all images. */
export interface ExcitedModule extends Pick<Gate, 'name' | 'stage' | 'block' | 'params' | 'kind'> {
  readonly channels: number;
  /** Largest value of a gate as it multiplies: 1, or 2 where the module doubles it. */
  readonly range: 1 | 2;
  /** Mean gate, a channel. */
  readonly mean: Float64Array;
  /** Standard deviation from image to image, a channel. */
  readonly deviation: Float64Array;
  /** One entry for each class of the excitation. */
  readonly classes: readonly ClassGates[];
  readonly variances: Variances;
  /** See {@link specificityOf}. */
  readonly specificity: number;
  /** Share of all gates, of every channel and image, that lie in the outer tenth of their range at either end. */
  readonly saturation: number;
  /** Whether every gate of every image is exactly half its range: nothing was ever learnt here. */
  readonly isUntrained: boolean;
}

/** Statistics of a model's gates on a folder of images. */
export interface Excitation {
  /** Images that were computed. */
  readonly images: number;
  /** Classes of which there is at least one. */
  readonly classes: readonly { readonly name: string; readonly images: number }[];
  /** In the order in which the modules run. */
  readonly modules: readonly ExcitedModule[];
}

export interface ExciteOptions extends BatchOptions {
  readonly onProgress?: (done: number, total: number) => void;
  /** Called with the model's output for each batch, inside a `tf.tidy`. */
  readonly onOutput?: (output: Tensor, labels: readonly number[]) => void;
}

/**
 * Runs images through a model and records every SE module's gates as they multiply. Batches stream: a mean and a spread
 * for each class and channel are kept, however many images there are. A module that is called several times (shared
 * layers, a nested model used twice) is one module, and each call counts as an observation.
 * @throws RetrofitError `no-modules`, `no-images`, `cannot-compute`, `not-finite`
 */
export async function exciteModel(
  tensorflow: TensorFlow,
  { runs, model }: LoadedModel,
  { classes, images }: ImageFolder,
  { onProgress = () => {}, onOutput = () => {}, ...options }: ExciteOptions,
): Promise<Excitation> {
  const { tf, backend } = tensorflow;
  refuseHiddenNaN(tf, { runs, model });
  const studies = new Map<string, Study>();
  for (const gate of getGates(model)) {
    if (!studies.has(pathKey(gate.scale))) studies.set(pathKey(gate.scale), newStudy(gate));
  }
  const byClass = images.toSorted((left, right) => (left.label ?? 0) - (right.label ?? 0));
  const seen: { readonly label: number; images: number }[] = [];
  let done = 0;
  const { predict, end } = makePredictor(tensorflow, runs);
  const stop = watchLayers(
    runs,
    ({ path, inputs }) => {
      const { gate, calls } = studies.get(pathKey(path))!;
      calls.push(gatesOf(tf, inputs[gate.input]!, gate.channels));
    },
    (path) => studies.has(pathKey(path)),
  );
  try {
    const { height, width, channels } = options.size;
    for await (const batch of imageBatches(byClass, options)) {
      const labels = batch.images.map(({ label }) => label ?? 0);
      try {
        tf.tidy(() => {
          const input = tf.tensor4d(batch.pixels, [labels.length, height, width, channels]);
          onOutput(predict([input])[0]!, labels);
        });
      } catch (error) {
        throw cannotCompute(model.path, backend, error);
      }
      for (const study of studies.values()) observe(study, labels);
      for (const label of labels) {
        if (seen.at(-1)?.label === label) seen.at(-1)!.images++;
        else seen.push({ label, images: 1 });
      }
      done += labels.length;
      onProgress(done, images.length);
    }
  } finally {
    stop();
    end();
  }
  const modules = [...studies.values()].flatMap((study) => conclude(study, model.path));
  if (modules.length === 0) throw noModules(model.path);
  return {
    images: done,
    classes: seen.map(({ label, images: count }) => ({ name: classes[label] ?? '', images: count })),
    modules,
  };
}

/** Statistics of a module's gates while images stream by. */
interface Study {
  readonly gate: Gate;
  /** Gates of the batch that is being computed, for each call of the module: images x channels. */
  readonly calls: Float32Array[];
  tallies: Tallies | undefined;
  saturated: number;
  isHalf: boolean;
}

interface Tallies {
  readonly all: Tally;
  /** Squared differences from the classes' own means. */
  readonly within: Float64Array;
  readonly classes: ClassGates[];
  label: number;
  current: Tally;
}

const newStudy = (gate: Gate): Study => ({ gate, calls: [], tallies: undefined, saturated: 0, isHalf: true });

const rangeOf = ({ isDoubled }: Gate): 1 | 2 => (isDoubled ? 2 : 1);

/** Takes in the gates of a batch: image after image, so that every class comes once. */
function observe(study: Study, labels: readonly number[]): void {
  const calls = study.calls.splice(0);
  const range = rangeOf(study.gate);
  const [low, high, half] = [SATURATED_WITHIN * range, (1 - SATURATED_WITHIN) * range, range / 2];
  for (const gates of calls) {
    for (const value of gates) {
      if (value < low || value > high) study.saturated++;
      if (value !== half) study.isHalf = false;
    }
  }
  for (const [image, label] of labels.entries()) {
    for (const gates of calls) {
      const channels = gates.length / labels.length;
      study.tallies ??= newTallies(channels, label);
      if (label !== study.tallies.label) beginClass(study.tallies, label);
      addObservation(study.tallies.current, gates.subarray(image * channels, (image + 1) * channels));
    }
  }
}

const newTallies = (channels: number, label: number): Tallies => ({
  all: newTally(channels),
  within: new Float64Array(channels),
  classes: [],
  label,
  current: newTally(channels),
});

function beginClass(tallies: Tallies, label: number): void {
  endClass(tallies);
  tallies.label = label;
  tallies.current = newTally(tallies.all.mean.length);
}

function endClass({ all, within, classes, current }: Tallies): void {
  classes.push(classGatesOf(current));
  addTally(all, current);
  for (const [channel, squares] of current.squares.entries()) within[channel]! += squares;
}

/** Summarises the observations of a module; empty for one in a branch that no output needs. */
function conclude({ gate, tallies, saturated, isHalf }: Study, file: string): readonly ExcitedModule[] {
  if (tallies === undefined) return [];
  endClass(tallies);
  const { all, within, classes } = tallies;
  if (!all.mean.every(Number.isFinite)) throw notFinite(file, gate);
  const { name, stage, block, params, kind } = gate;
  const channels = all.mean.length;
  const variances = variancesOf(all, within, classes.length, rangeOf(gate));
  return [
    {
      name,
      stage,
      block,
      params,
      kind,
      channels,
      range: rangeOf(gate),
      mean: all.mean,
      deviation: deviationOf(all),
      classes,
      variances,
      specificity: specificityOf(variances),
      saturation: saturated / (all.count * channels),
      isUntrained: isHalf,
    },
  ];
}

/**
 * Gates as images x channels. A gate that was spread over the places of the features is the same everywhere; of the gates
 * of several steps it is their mean.
 */
function gatesOf(tf: TensorFlow['tf'], gate: Tensor, { axis, rank }: Gate['channels']): Float32Array {
  const wide = gate.shape.flatMap((size, at) => (at > 0 && size > 1 ? [at] : []));
  const own = gate.rank === rank ? axis : gate.rank - 1;
  const vector =
    wide.length > 1
      ? tf.mean(
          gate,
          wide.filter((at) => at !== own),
        )
      : gate;
  return vector.dataSync() as Float32Array;
}

const cannotCompute = (file: string, backend: string, error: unknown) =>
  inputError('cannot-compute', `TensorFlow.js does not compute the model on ${backend}: ${reasonOf(error)}`, {
    where: { file },
    hint: 'try another --backend; se-retrofit backends shows what is there',
  });

const notFinite = (file: string, { scale }: Gate) =>
  inputError('not-finite', 'the gates of this module are not all numbers', {
    where: { file, layer: scale.join('/') },
    hint: 'check the weights, and --preprocess: the model may want other pixels',
  });
