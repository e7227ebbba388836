import { inputError, usageError } from '../errors.js';
import { fromPlain, getMember, isArray, mapItems, type Plain, withMember } from '../json/json-value.js';
import { withCategoricalLoss } from '../model/compiled-loss.js';
import { factsOfLayer } from '../model/facts-of-layer.js';
import { mapLayers, withSetting } from '../model/map-layers.js';
import { type Call, type Layer, type Model, type RetrofitRecord, samePath } from '../model/model.js';
import { FLOATS, replacedTensor, type Tensor, type Weight } from '../model/tensor.js';
import { layerKey, weightKey } from '../model/weight-key.js';
import { refuseUnknownOptions } from '../nearest-names.js';
import { findHead, type Head, type HeadLayer } from '../plan/find-head.js';
import { completeOptions } from '../plan/options.js';
import { glorotUniform } from '../se/initial-weights.js';

export interface HeadOptions {
  /** Seed of the initial weights. */
  readonly seed?: number;
}

/**
 * Gives a classifier other classes: the layer that makes the logits becomes one of its kind with one unit a class and new
 * weights, and a softmax makes probabilities of them. Everything else stays as it is, names of outputs too; only a loss of
 * compile settings that would no longer fit becomes the categorical cross-entropy. Pure: weights are made as they are written.
 * @param classes names by output unit, kept in the model's record
 * @throws RetrofitError `bad-classes` for fewer than two names, or one that stands twice; `several-outputs`, `no-head`,
 * `shared-head`, `not-a-classifier` for a model without a head that could be replaced
 * @example
 * const model = await readModel('model.json');
 * const own = replaceHead(retrofit(model), ['cat', 'dog'], { seed: 7 });
 */
export function replaceHead(model: Model, classes: readonly string[], options: HeadOptions = {}): Model {
  refuseUnknownOptions(options, { seed: true });
  const { seed } = completeOptions(options);
  checkNames(classes);
  const head = findHead(model);
  const count = classes.length;
  const changes = listChanges(model, head, count, seed);
  const graph = mapLayers(model.graph, (layer, path) => changes.get(layerKey(path, layer.name))?.(layer) ?? layer);
  const trainingConfig = withCategoricalLoss(model.trainingConfig);
  return { ...model, graph, trainingConfig, record: newRecord(model.record, head, classes) };
}

function checkNames(classes: readonly string[]): void {
  if (!Array.isArray(classes) || !classes.every((name) => typeof name === 'string'))
    throw usageError('bad-classes', 'the classes are no list of names', { hint: 'give one name a class' });
  const twice = classes.find((name, index) => name === '' || classes.indexOf(name) !== index);
  if (classes.length > 1 && twice === undefined) return;
  const message =
    twice === undefined
      ? `a head has two classes or more, not ${classes.length}`
      : `the class "${twice}" is empty or stands twice`;
  throw usageError('bad-classes', message, { hint: 'give one name a class' });
}

type Change = (layer: Layer) => Layer;

function listChanges(model: Model, head: Head, count: number, seed: number): ReadonlyMap<string, Change> {
  const { logits, activation, behind, units } = head;
  const changes = new Map<string, Change>();
  const add = ({ graph, layer }: HeadLayer, change: Change) => {
    const key = layerKey(graph, layer.name);
    const before = changes.get(key) ?? ((same: Layer) => same);
    changes.set(key, (each) => change(before(each)));
  };
  const exponents = new Map(
    (model.record?.doubled ?? []).map((entry) => [weightKey(entry.graph, entry.layer, entry.weight), entry.exponent]),
  );
  add(logits, (layer) => {
    const weights = layer.weights.map((weight): Weight => {
      const exponent = exponents.get(weightKey(logits.graph, layer.name, weight.name)) ?? 0;
      return { name: weight.name, tensor: { ...newTensor(weight, layer.name, count, seed), exponent }, isNew: true };
    });
    const wider = withSetting({ ...layer, weights }, factsOfLayer(layer).unitsField!, count);
    return layer.settings.trainable === false ? withSetting(wider, 'trainable', true) : wider;
  });
  for (const each of behind) {
    add(each, (layer) => resized(layer, units, count));
    if (each.layer.settings.target_shape !== undefined) add(each, (layer) => reshaped(layer, units, count));
  }
  // Of the layers of a head, a Softmax alone makes probabilities whatever its config says.
  if (!factsOfLayer(activation.layer).makesProbabilities && activation.layer.settings.activation !== 'softmax')
    add(activation, (layer) => withSetting(layer, 'activation', 'softmax'));
  return changes;
}

/** Glorot-uniform for a kernel, [...places, inputs, units], and zeros for a bias; in the precision that the old one has. */
function newTensor({ name, tensor }: Weight, layer: string, units: number, seed: number): Tensor {
  const shape = [...tensor.shape.slice(0, -1), units];
  const [inputs = 1, ...places] = shape.slice(0, -1).reverse();
  const values = () =>
    name === 'kernel'
      ? glorotUniform(
          inputs,
          units,
          seed,
          layer,
          places.reduce((product, size) => product * size, 1),
        )
      : new Float32Array(units);
  const dtype = FLOATS.includes(tensor.dtype) ? tensor.dtype : 'float32';
  return { ...replacedTensor(tensor, values), dtype, shape };
}

/** A Reshape to `[units]`, or with ones around them. */
function reshaped(layer: Layer, units: number, count: number): Layer {
  const target = layer.settings.target_shape as readonly Plain[];
  const json = getMember(layer.config, 'target_shape');
  const at = target.lastIndexOf(units);
  const isSure = units === 1 || target.indexOf(units) === at;
  if (at < 0 && target.some((size) => size === -1 || size === null)) return layer;
  if (at < 0 || !isSure || !isArray(json)) {
    throw inputError('no-head', `which of the sizes [${target}] is that of the classes is not known`, {
      where: { layer: layer.name, field: 'target_shape' },
      hint: 'give a model whose last layers keep the classes in an axis of their own',
    });
  }
  return {
    ...layer,
    config: withMember(
      layer.config,
      'target_shape',
      mapItems(json, (size, index) => (index === at ? fromPlain(count) : size)),
    ),
    settings: { ...layer.settings, target_shape: target.with(at, count) },
  };
}

/** Gives a layer behind the logits its new size: shapes that the file states are stale. */
const resized = (layer: Layer, before: number, after: number): Layer => ({
  ...layer,
  newSizes: [...(layer.newSizes ?? []), { before, after }],
  calls: layer.calls.map(({ stated: _, ...call }): Call => call),
});

/** Returns the record with the classes. Its facts about modules still hold: a kernel doubled for one is so again. */
function newRecord(record: RetrofitRecord | undefined, { logits }: Head, classes: readonly string[]): RetrofitRecord {
  const doubled = (record?.doubled ?? []).map(({ quantization, ...entry }) => {
    const isHead = entry.layer === logits.layer.name && samePath(entry.graph, logits.graph);
    return isHead || quantization === undefined ? entry : { ...entry, quantization };
  });
  return { ...record, version: 1, modules: record?.modules ?? [], doubled, classes: [...classes] };
}
