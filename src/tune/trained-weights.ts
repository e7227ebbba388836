import type { layers as kinds, LayerVariable } from '@tensorflow/tfjs-layers';
import { inputError } from '../errors.js';
import { listTensors } from '../formats/tfjs/list-tensors.js';
import type { LayerFacts } from '../layers/layer-facts.js';
import { factsOfLayer } from '../model/facts-of-layer.js';
import { type Graph, type Layer, listGraphs, type Model } from '../model/model.js';
import { type Tensor, withoutScope } from '../model/tensor.js';
import { layerKey, pathKey, weightKey } from '../model/weight-key.js';
import { isBatchNorm } from '../runtime/convolution-units.js';
import type { LoadedModel } from '../runtime/load-model.js';
import { headLayer, listModuleLayers } from '../runtime/trained-layers.js';
import { listRunningLayers, modelIn } from '../runtime/watch-layers.js';
import type { TrainPart, TuneOptions } from './tune-options.js';

/** A weight of the running model, and its counterpart in the model as it was read. */
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
  /** Trained norms that keep their statistics: gamma and beta alone are trained. */
  readonly keeping: ReadonlySet<kinds.Layer>;
}

/**
 * Finds the weights to train: the layers of SE modules without their batch norms (`modules`), the layer that makes the
 * logits (`head`), gamma and beta of the normalisations (`norms`), or every layer that is not frozen (`all`). Their
 * variables become trainable in the running model; parts that are named are trained even if the model has them frozen.
 * @param original the model as it was read
 * @param isStill whether norms keep their statistics in any case
 * @throws RetrofitError `no-modules` for a model without modules, `no-norms` for one without norms, `all-frozen` where
 * nothing is left to train; for `head` whatever `findHead` throws
 */
export function findTrainedWeights(
  original: Model,
  { runs, model }: LoadedModel,
  train: TuneOptions['train'],
  isStill: boolean,
): TrainedWeights {
  const whole = new Set(train.flatMap((part) => (part === 'norms' ? [] : [...LAYERS_OF[part](model)])));
  const norms = train.includes('norms') ? normLayers(model) : new Set<string>();
  const keys = keysByVariable(original, model);
  const layers = new Set<kinds.Layer>();
  const trained: TunedWeight[] = [];
  const followed: TunedWeight[] = [];
  const keeping = new Set<kinds.Layer>();
  const tuned = (variable: LayerVariable): TunedWeight => {
    const key = keys.get(variable.originalName);
    if (key === undefined) throw new Error(`the model has no weight for the variable ${variable.originalName}`);
    return { key, variable };
  };
  for (const { layer, path } of listRunningLayers(runs)) {
    const key = pathKey(path);
    if (modelIn(layer) !== undefined || !(whole.has(key) || norms.has(key))) continue;
    layer.trainable = true;
    // Without gamma and beta a norm is trained as well: its statistics are the batch's, and the moving ones follow.
    const follows = whole.has(key) && !isStill && isBatchNorm(layer);
    if (layer.trainableWeights.length === 0 && !follows) continue;
    layers.add(layer);
    trained.push(...layer.trainableWeights.map(tuned));
    if (whole.has(key) && !isStill) followed.push(...layer.nonTrainableWeights.map(tuned));
    else keeping.add(layer);
  }
  if (trained.length === 0) throw train.includes('all') ? allFrozen(original.path) : noNorms(original.path);
  return { layers, trained, followed, keeping };
}

const LAYERS_OF: Readonly<Record<Exclude<TrainPart, 'norms'>, (model: Model) => ReadonlySet<string>>> = {
  modules: moduleLayers,
  head: (model) => new Set([pathKey(headLayer(model))]),
  all: unfrozenLayers,
};

/** Layers that normalise and have weights for it, by their paths. */
const normLayers = (model: Model, isWanted = (_: LayerFacts): boolean => true): ReadonlySet<string> =>
  new Set(
    [...listGraphs(model.graph)].flatMap(({ graph, path }) =>
      graph.layers
        .filter((layer) => factsOfLayer(layer).role === 'norm' && isWanted(factsOfLayer(layer)))
        .map(({ name }) => layerKey(path, name)),
    ),
  );

function moduleLayers(model: Model): ReadonlySet<string> {
  const norms = normLayers(model, ({ usesBatchStatistics }) => usesBatchStatistics === true);
  const modules = listModuleLayers(model).map(pathKey);
  if (modules.length === 0) {
    throw inputError('no-modules', 'the model holds no SE modules to train', {
      where: { file: model.path },
      hint: 'put some in with --ratio 16, or train something else: --train head, norms or all',
    });
  }
  return new Set(modules.filter((path) => !norms.has(path)));
}

/**
 * Lists the layers that neither Keras has frozen after loading: flags of layers and wrappers count, not those of
 * models.
 */
function unfrozenLayers({ graph: root }: Model): ReadonlySet<string> {
  const isFrozenByWrapper = ({ wrappers = [] }: Layer) => wrappers.some(({ settings }) => settings.trainable === false);
  const list = (graph: Graph, path: readonly string[]): readonly string[] =>
    graph.layers
      .filter((layer) => !isFrozenByWrapper(layer) && layer.settings.trainable !== false)
      .flatMap(({ name, graph: inner }) =>
        inner === undefined ? [layerKey(path, name)] : list(inner, [...path, name]),
      );
  return new Set(root.isFrozen ? [] : list(root, []));
}

/** Maps the variables of the running model, by their names there, to the keys of weights in the model that was read. */
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

const noNorms = (file: string) =>
  inputError('no-norms', 'the model holds no normalisations with a gamma or a beta to train', {
    where: { file },
    hint: 'train something else: --train modules, head or all',
  });

const allFrozen = (file: string) =>
  inputError('all-frozen', 'every layer with weights is frozen: there is nothing to train', {
    where: { file },
    hint: 'set trainable to true for some layers in the program that made the model',
  });
