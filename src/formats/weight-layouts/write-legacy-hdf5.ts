import { inputError } from '../../errors.js';
import { weightsMismatch } from '../../model/check-weights.js';
import { layerOrder } from '../../model/layer-order.js';
import { type Dialect, freeName, type Graph, type Layer } from '../../model/model.js';
import type { TensorValues, Weight } from '../../model/tensor.js';
import type { Hdf5Editor } from '../../storage/hdf5.js';
import { findDataset, isChanged, weightFacts } from './hdf5-weights.js';
import { legacyOrder } from './legacy-order.js';
import { hdf5Dtype, orderedWeights } from './new-weights.js';
import { groupPath } from './read-legacy-hdf5.js';
import { listPlaces, writeTextList } from './text-lists.js';

export interface LegacyWriting {
  /** Path of the group with the layers' groups; empty for the root. */
  readonly base: string;
  /** The graph whose weights the file holds already; undefined for a new file. */
  readonly before: Graph | undefined;
  readonly dialect: Dialect;
  readonly values: TensorValues;
  /** Whether weights of layers that are not known here come in their order already. */
  readonly keepsOrder?: boolean;
}

const TOP_LEVEL = 'top_level_model_weights';

/**
 * Writes a model's weights as a legacy `.h5` keeps them. Keras pairs its layers with the listed groups one by one, so
 * the list is in the new order of `model.layers`; groups that are there already stay where they are.
 */
export async function writeLegacyHdf5(editor: Hdf5Editor, graph: Graph, writing: LegacyWriting): Promise<void> {
  const { base, before } = writing;
  const layers = layerOrder(graph);
  const old = new Map(before?.layers.map((layer) => [layer.name, layer]));
  for (const layer of layers) await writeLayer(editor, layer, old.get(layer.name), writing);
  const top = `${base}/${TOP_LEVEL}`;
  const clash = layers.find(({ name }) => name === TOP_LEVEL);
  if (clash !== undefined) {
    throw inputError('cannot-convert', 'a layer has the name under which Keras keeps the weights of the model itself', {
      where: { layer: clash.name, field: 'name' },
      hint: 'Keras saves no such model as .h5 either: write a .keras file',
    });
  }
  if (before === undefined && base !== '') {
    editor.makeGroup(top);
    writeTextList(editor, top, 'weight_names', []);
  }
  writeTextList(
    editor,
    base || '/',
    'layer_names',
    layers.map((layer) => layer.name),
  );
}

async function writeLayer(
  editor: Hdf5Editor,
  layer: Layer,
  before: Layer | undefined,
  writing: LegacyWriting,
): Promise<void> {
  const group = groupPath(writing.base, layer.name);
  // A Sequential model's input has no group before the model is functional.
  const isNew = before === undefined || !editor.has(group);
  if (before === layer && !isNew) return;
  if (isNew) editor.makeGroup(group);
  const weights =
    layer.graph === undefined
      ? ownWeights(layer, before, writing)
      : nestedWeights({ ...layer, graph: layer.graph }, writing.dialect);
  const old = before === undefined ? undefined : layersBefore(layer, before);
  const names: string[] = [];
  for (const { owner, weight } of weights) {
    const { tensor } = weight;
    const stored = old && findDataset(weight, old.get(owner));
    if (stored !== undefined) {
      names.push(stored.slice(group.length + 1));
      if (isChanged(tensor)) await editor.overwrite(editor.dataset(stored), writing.values.chunks(tensor));
      continue;
    }
    const own = `${weight.name}${writing.dialect === 'keras2' ? ':0' : ''}`;
    // Models in each other may have layers of one name: Keras loads them by their order, and writes no such file itself.
    const name = `${freeName(owner.name, (scope) => editor.has(`${group}/${scope}/${own}`))}/${own}`;
    names.push(name);
    await editor.makeDataset(`${group}/${name}`, hdf5Dtype(tensor, owner), tensor.shape, writing.values.chunks(tensor));
  }
  if (isNew || layer.graph !== undefined)
    writeTextList(editor, group, 'weight_names', names, listPlaces(writing.base || '/', 'layer_names'));
}

/** Maps a layer and all layers nested in it to those of the same name in the graph that was read. */
function layersBefore(layer: Layer, before: Layer, found = new Map<Layer, Layer>()): ReadonlyMap<Layer, Layer> {
  found.set(layer, before);
  const old = new Map(before.graph?.layers.map((inner) => [inner.name, inner]));
  for (const inner of layer.graph?.layers ?? []) {
    const known = old.get(inner.name);
    if (known !== undefined) layersBefore(inner, known, found);
  }
  return found;
}

interface OwnedWeight {
  readonly owner: Layer;
  readonly weight: Weight;
}

const ownWeights = (layer: Layer, before: Layer | undefined, { keepsOrder }: LegacyWriting): readonly OwnedWeight[] =>
  (isOrdered(layer, before, keepsOrder) ? layer.weights : orderedWeights(layer)).map((weight) => ({
    owner: layer,
    weight,
  }));

const isOrdered = (layer: Layer, before: Layer | undefined, keepsOrder = false): boolean =>
  before !== undefined || (keepsOrder && weightFacts(layer) === undefined);

function nestedWeights(layer: Layer & { graph: Graph }, dialect: Dialect): readonly OwnedWeight[] {
  const order = legacyOrder(layer, dialect);
  if (order === undefined)
    throw weightsMismatch(
      layer.name,
      'a layer inside this model is not known here, so that its weights have no certain order',
    );
  return order.map(({ layer: owner, index }) => ({ owner, weight: orderedWeights(owner)[index]! }));
}
