import type { layers as kinds, LayerVariable } from '@tensorflow/tfjs-layers';
import { inputError } from '../errors.js';
import { listTensors } from '../formats/tfjs/list-tensors.js';
import { type Graph, type Layer, listGraphs, type Model } from '../model/model.js';
import { type Tensor, withoutScope } from '../model/tensor.js';
import { weightKey } from '../model/weight-key.js';
import type { LoadedModel } from '../runtime/load-model.js';
import { listModuleLayers } from '../runtime/module-layers.js';
import { listRunningLayers, modelIn } from '../runtime/watch-layers.js';
import type { TuneOptions } from './tune-options.js';

/** A weight of the running model, and what it is in the model as it was read. */
export interface TunedWeight {
  /** See `weightKey`. */
  readonly key: string;
  readonly variable: LayerVariable;
}

export interface TrainedWeights {
  /** Running layers whose weights are trained. */
  readonly layers: ReadonlySet<kinds.Layer>;
  /** Moved by gradients. */
  readonly trained: readonly TunedWeight[];
  /** Moving averages of trained batch norms. */
  readonly followed: readonly TunedWeight[];
}

/**
 * Finds what is trained: the layers of SE modules without their batch norms, or every layer that is not frozen. Their
 * variables become trainable in the running model.
 * @param original the model as it was read
 * @throws RetrofitError `no-modules` for a model without modules, `all-frozen` where nothing is left to train
 */
export function findTrainedWeights(
  original: Model,
  { runs, model }: LoadedModel,
  train: TuneOptions['train'],
): TrainedWeights {
  const chosen = train === 'modules' ? moduleLayers(model) : unfrozenLayers(model);
  const isChosen = (path: readonly string[]) => chosen.has(JSON.stringify(path));
  const keys = keysByVariable(original, model);
  const layers = new Set<kinds.Layer>();
  const trained: TunedWeight[] = [];
  const followed: TunedWeight[] = [];
  const tuned = (variable: LayerVariable): TunedWeight => {
    const key = keys.get(variable.originalName);
    if (key === undefined) throw new Error(`the model has no weight for the variable ${variable.originalName}`);
    return { key, variable };
  };
  for (const { layer, path } of listRunningLayers(runs)) {
    if (modelIn(layer) !== undefined || !isChosen(path)) continue;
    layer.trainable = true;
    if (layer.trainableWeights.length === 0) continue;
    layers.add(layer);
    trained.push(...layer.trainableWeights.map(tuned));
    followed.push(...layer.nonTrainableWeights.map(tuned));
  }
  if (trained.length === 0) throw allFrozen(original.path);
  return { layers, trained, followed };
}

function moduleLayers(model: Model): ReadonlySet<string> {
  const norms = new Set(
    [...listGraphs(model.graph)].flatMap(({ graph, path }) =>
      graph.layers
        .filter(({ className }) => className === 'BatchNormalization')
        .map(({ name }) => JSON.stringify([...path, name])),
    ),
  );
  const modules = listModuleLayers(model).map((path) => JSON.stringify(path));
  if (modules.length === 0) {
    throw inputError('no-modules', 'the model holds no SE modules to train', {
      where: { file: model.path },
      hint: 'put some in with se-retrofit add, or train the whole model with --train all',
    });
  }
  return new Set(modules.filter((path) => !norms.has(path)));
}

/** As both Kerases have it after loading: a flag of a nested model's own is nobody's but its layers'. A wrapper's holds. */
function unfrozenLayers({ graph: root }: Model): ReadonlySet<string> {
  const isHeld = ({ wrappers = [] }: Layer) => wrappers.some(({ settings }) => settings.trainable === false);
  const list = (graph: Graph, path: readonly string[]): readonly string[] =>
    graph.layers
      .filter((layer) => !isHeld(layer) && layer.settings.trainable !== false)
      .flatMap(({ name, graph: inner }) =>
        inner === undefined ? [JSON.stringify([...path, name])] : list(inner, [...path, name]),
      );
  return new Set(root.isFrozen ? [] : list(root, []));
}

/** What each variable of the running model, by its name there, is in the model as it was read. */
function keysByVariable(original: Model, converted: Model): ReadonlyMap<string, string> {
  // Conversions rename layers and weights; a weight's tensor stays the same object.
  const keys = new Map<Tensor, string>();
  for (const { graph, path } of listGraphs(original.graph))
    for (const { name, weights } of graph.layers)
      for (const weight of weights) keys.set(weight.tensor, weightKey(path, name, weight.name));
  const found = new Map<string, string>();
  for (const { name, tensor } of listTensors(converted)) {
    const key = keys.get(tensor);
    if (key === undefined) continue;
    // The loader looks for the whole name first, then for the one without its scope.
    found.set(name, key);
    if (!found.has(withoutScope(name))) found.set(withoutScope(name), key);
  }
  return found;
}

const allFrozen = (file: string) =>
  inputError('all-frozen', 'every layer with weights is frozen: there is nothing to train', {
    where: { file },
    hint: 'set trainable to true for some layers in the program that made the model',
  });
