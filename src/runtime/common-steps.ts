import type { layers as kinds } from '@tensorflow/tfjs-layers';
import { listGraphs } from '../model/model.js';
import { layerKey, pathKey } from '../model/weight-key.js';
import type { LoadedModel } from './load-model.js';
import type { PredictionSteps } from './predictor.js';
import type { Step } from './steps.js';
import { listRunningLayers } from './watch-layers.js';

/** A loaded model with its steps. */
export interface TracedModel extends PredictionSteps {
  readonly loaded: LoadedModel;
}

/**
 * Finds what two models compute alike from their inputs on: the same layers with the same settings and, bit for bit, the
 * same weights.
 * @returns for numbers of tensors of the second model, those of the first with the same values
 */
export function findCommonValues(first: TracedModel, second: TracedModel): ReadonlyMap<number, number> {
  const isAlike = layerComparison(first.loaded, second.loaded);
  const readers = new Map<string, Step[]>();
  for (const step of first.steps) {
    const found = readers.get(step.inputs.join());
    if (found === undefined) readers.set(step.inputs.join(), [step]);
    else found.push(step);
  }
  const common = new Map(second.inputs.map((value, index) => [value, first.inputs[index]!]));
  for (const step of second.steps) {
    const read = step.inputs.map((value) => common.get(value));
    if (read.includes(undefined)) continue;
    const twin = readers
      .get(read.join())
      ?.find(
        ({ layers }) =>
          layers.length === step.layers.length && layers.every((layer, index) => isAlike(layer, step.layers[index]!)),
      );
    step.outputs.forEach((value, index) => {
      if (twin !== undefined) common.set(value, twin.outputs[index]!);
    });
  }
  return common;
}

/** Compares layers of two models: by what their files say of them, then by their weights. */
function layerComparison(first: LoadedModel, second: LoadedModel): (left: kinds.Layer, right: kinds.Layer) => boolean {
  const settings = new Map([...settingsOf(first), ...settingsOf(second)]);
  return (left, right) => {
    const [own, other] = [settings.get(left), settings.get(right)];
    // A layer with a state is not where it was once it has computed: each model runs its own.
    return own !== undefined && own === other && !left.stateful && hasSameWeights(left, right);
  };
}

/** Class and settings of a model's layers; none of wrappers. */
function settingsOf({ runs, model }: LoadedModel): ReadonlyMap<kinds.Layer, string> {
  const known = new Map(
    [...listGraphs(model.graph)].flatMap(({ graph, path }) =>
      graph.layers.flatMap(({ name, className, settings, wrappers }) =>
        wrappers === undefined ? [[layerKey(path, name), JSON.stringify([className, settings])] as const] : [],
      ),
    ),
  );
  return new Map(
    [...listRunningLayers(runs)].flatMap(({ layer, path }) => {
      const found = known.get(pathKey(path));
      return found === undefined ? [] : [[layer, found] as const];
    }),
  );
}

function hasSameWeights(left: kinds.Layer, right: kinds.Layer): boolean {
  const [own, other] = [left.weights, right.weights];
  return (
    own.length === other.length &&
    own.every((weight, index) => {
      const [values, twins] = [weight.read().dataSync(), other[index]!.read().dataSync()];
      return values.length === twins.length && values.every((value, at) => Object.is(value, twins[at]));
    })
  );
}
