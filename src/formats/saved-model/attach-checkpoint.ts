import { inputError, RetrofitError } from '../../errors.js';
import { checkWeights, weightsMismatch } from '../../model/check-weights.js';
import { layerOrder } from '../../model/layer-order.js';
import { withWeights } from '../../model/map-layers.js';
import { type Graph, type Layer, stepAxes, type Warning } from '../../model/model.js';
import type { Tensor, Weight } from '../../model/tensor.js';
import { plural } from '../../plural.js';
import { refuseUnreachable } from '../weight-layouts/hdf5-weights.js';
import { pairVariables, type Variable } from './layer-variables.js';
import type { ObjectGraph } from './object-graph.js';
import { readVariables, VALUE } from './read-variables.js';
import { STRING, type TensorBundle } from './tensor-bundle.js';

/** Weights of a model as a checkpoint gives them. */
export interface AttachedCheckpoint {
  readonly graph: Graph;
  readonly hasOptimizer: boolean;
  /** Whether the weights of layers whose class is not known here come in the order of `layer.weights` too. */
  readonly isInLegacyOrder: boolean;
  readonly warnings: readonly Warning[];
}

/**
 * Gives every layer its weights from a checkpoint. A model's object has its layers as `layer-0`, `layer-1` and so on, in
 * the order of `model.layers`, and each of them its variables.
 * Source: `Functional._trackable_children` in tf_keras/src/engine/functional.py.
 * @throws RetrofitError `weights-mismatch`, `unmappable-weights`, `unreachable-layer`, `bad-bundle`
 */
export function attachCheckpoint(graph: Graph, objects: ObjectGraph, bundle: TensorBundle): AttachedCheckpoint {
  refuseUnreachable(graph);
  const models = findModels(objects);
  if (models.length === 0) throw noModel(objects);
  const found: { readonly name: string; readonly attached: AttachedModel }[] = [];
  const errors: unknown[] = [];
  for (const { name, id } of models) {
    try {
      const attached = attachModel(graph, id, objects, bundle);
      if (models.length > 1) checkWeights(attached.graph);
      found.push({ name, attached });
    } catch (error) {
      if (!(error instanceof RetrofitError)) throw error;
      errors.push(error);
    }
  }
  const [first, second] = found;
  if (first === undefined) throw errors[0];
  if (second !== undefined) {
    throw inputError(
      'unmappable-weights',
      `the checkpoint holds several models that these layers would fit: ${found.map(({ name }) => name).join(', ')}`,
      { hint: 'load the right one in TensorFlow and save its weights alone: model.save_weights("PREFIX")' },
    );
  }
  const hasOptimizer = [0, ...models.map(({ id }) => id)].some((id) => objects.nodeAt(id).children.has('optimizer'));
  return { ...first.attached, hasOptimizer };
}

function noModel(objects: ObjectGraph) {
  const holds = (name: string) =>
    Array.from({ length: objects.count }, (_, id) => objects.nodeAt(id)).some(({ children }) => children.has(name));
  const refused = (message: string, hint: string) => inputError('unmappable-weights', message, { hint });
  if (holds('_functional') || holds('_operations'))
    return refused(
      'this is a checkpoint of a Keras 3 model, which keeps its layers in another way',
      'load it there and save its weights as Keras 3 does: model.save_weights("NAME.weights.h5")',
    );
  if (holds('_all_variables') || holds('_endpoint_names'))
    return refused(
      'these are the variables that model.export() wrote, which does not say the layers that they belong to',
      'save the weights of the model that it was exported from: model.save_weights("NAME.weights.h5")',
    );
  return refused(
    'the checkpoint holds no layers of a functional or sequential Keras model',
    'a model of a class of its own keeps its layers under names of its own: load it there and save its weights as .h5',
  );
}

/** Finds the saved model, or else those that the saved object holds, however deep: `tf.train.Checkpoint(net=model)`. */
function findModels(objects: ObjectGraph): readonly { readonly name: string; readonly id: number }[] {
  if (objects.count === 0) return [];
  const models: { readonly name: string; readonly id: number }[] = [];
  const seen = new Set([0]);
  const waiting: [id: number, path: string][] = [[0, '']];
  for (const [id, path] of waiting) {
    const { children } = objects.nodeAt(id);
    if (children.has('layer-0')) {
      models.push({ name: path === '' ? 'root' : path, id });
      continue;
    }
    for (const [name, child] of children) {
      if (seen.has(child)) continue;
      seen.add(child);
      waiting.push([child, path === '' ? name : `${path}/${name}`]);
    }
  }
  return models;
}

type AttachedModel = Omit<AttachedCheckpoint, 'hasOptimizer'>;

function attachModel(root: Graph, rootId: number, objects: ObjectGraph, { entries }: TensorBundle): AttachedModel {
  const weights = new Map<Layer, readonly Weight[]>();
  const owners = new Map<string, Layer>();
  const warnings: Warning[] = [];
  let isInLegacyOrder = true;
  visit(root, rootId);
  refuseUnclaimed();
  return { graph: withWeights(root, weights), isInLegacyOrder, warnings };

  function visit(graph: Graph, id: number): void {
    const named = new Map<Layer, string>();
    for (const [layer, own] of layerObjects(graph, id, objects)) {
      if (layer.graph !== undefined) {
        visit(layer.graph, own);
        continue;
      }
      const { variables, isOrdered } = readVariables(objects, own, layer);
      isInLegacyOrder &&= isOrdered;
      weights.set(
        layer,
        pairVariables(layer, variables).map(({ name, variable }) => ({ name, tensor: tensorOf(variable, layer) })),
      );
      if (variables.length > 0) named.set(layer, variables[0]!.fullName);
    }
    refuseOtherNames(named);
  }

  function tensorOf({ key }: Variable, layer: Layer): Tensor {
    const entry = entries.get(key);
    const wrong = (message: string) =>
      inputError('bad-bundle', `the tensor "${key}" ${message}`, {
        where: { layer: layer.name, field: key },
        hint: 'the checkpoint is damaged, or is of another model: save the model again',
      });
    if (entry === undefined) throw wrong('is missing');
    if (entry.dtype === STRING || entry.dtype.startsWith('DT_')) throw wrong(`holds no numbers, but ${entry.dtype}`);
    const owner = owners.get(key);
    if (owner !== undefined && owner !== layer && warnings.at(-1)?.where !== layer.name)
      warnings.push({
        code: 'shared-weights-parted',
        message: `its weights are those of the layer "${owner.name}" too: in the new model each has its own, as in an .h5, equal until they are trained`,
        where: layer.name,
      });
    owners.set(key, layer);
    return { dtype: entry.dtype, shape: entry.shape, source: { kind: 'stored', ranges: [entry.range] }, exponent: 0 };
  }

  /** A SavedModel lists the variables of its model besides: all of them must have found their layers. */
  function refuseUnclaimed(): void {
    const list = objects.nodeAt(rootId).children.get('variables');
    if (list === undefined) return;
    for (const id of objects.nodeAt(list).children.values()) {
      const lost = objects.nodeAt(id).attributes.find(({ name, key }) => name === VALUE && !owners.has(key));
      if (lost !== undefined)
        throw weightsMismatch(root.name, `the weight "${lost.fullName}" belongs to none of its layers`, lost.key);
    }
  }
}

/** The objects of a model's layers. */
function layerObjects(graph: Graph, id: number, objects: ObjectGraph): readonly (readonly [Layer, number])[] {
  const { children } = objects.nodeAt(id);
  const layers = layerOrder(graph);
  const ids: number[] = [];
  for (let found = children.get('layer-0'); found !== undefined; found = children.get(`layer-${ids.length}`))
    ids.push(found);
  // TensorFlow 2.1 counts the implicit input of a Sequential model.
  const first = graph.kind === 'sequential' && ids.length === layers.length + 1 ? 1 : 0;
  if (ids.length - first !== layers.length)
    throw weightsMismatch(
      graph.name,
      `the checkpoint has ${plural(ids.length, 'layer')} of the model, its architecture ${layers.length}`,
      'layer-0',
    );
  checkWeighted(graph, children, ids);
  return layers.map((layer, index) => [layer, unwrapped(layer, ids[index + first]!, objects)]);
}

/** The layers with weights are listed once more, in the same order. */
function checkWeighted(graph: Graph, children: ReadonlyMap<string, number>, ids: readonly number[]): void {
  let last = -1;
  for (let count = 0; ; count++) {
    const name = `layer_with_weights-${count}`;
    const weighted = children.get(name);
    if (weighted === undefined) return;
    const rank = ids.indexOf(weighted, last + 1);
    if (rank < 0)
      throw weightsMismatch(graph.name, `the checkpoint lists its layers in two orders, the one with "${name}"`, name);
    last = rank;
  }
}

/** Returns the object of the layer inside its TimeDistributed, which is a layer of its own. */
function unwrapped(layer: Layer, id: number, objects: ObjectGraph): number {
  let found = id;
  for (let depth = stepAxes(layer); depth > 0; depth--) found = objects.nodeAt(found).children.get('layer') ?? found;
  return found;
}

/**
 * Refuses names in another order. Layers are matched by their order, as in TensorFlow; names may be those of another
 * run of the program. But where they are the very names of the model, the order must say the same.
 */
function refuseOtherNames(named: ReadonlyMap<Layer, string>): void {
  const names = new Set([...named.keys()].map(({ name }) => name));
  const says = new Map([...named].map(([layer, full]) => [layer, longestStart(full, names)]));
  if (new Set(says.values()).size !== names.size || [...says.values()].includes(undefined)) return;
  for (const [layer, name] of says) {
    if (layer.name === name) continue;
    throw inputError(
      'unmappable-weights',
      `the checkpoint has the weights of "${name}" where TensorFlow would load those of "${layer.name}"`,
      {
        where: { layer: layer.name },
        hint: 'the architecture was changed after the weights were saved: save both again',
      },
    );
  }
}

/** The longest of the names that a path begins with. */
function longestStart(path: string, names: ReadonlySet<string>): string | undefined {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const start = path.slice(0, end);
    if (names.has(start)) return start;
  }
  return undefined;
}
