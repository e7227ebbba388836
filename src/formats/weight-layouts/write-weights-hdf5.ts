import { layerOrder } from '../../model/layer-order.js';
import { type Dialect, type Graph, type Layer, stepAxes } from '../../model/model.js';
import type { TensorValues } from '../../model/tensor.js';
import type { Hdf5Editor } from '../../storage/hdf5.js';
import { findDataset, isChanged, isMisplaced, weightFacts } from './hdf5-weights.js';
import { hasNewWeights } from './lost-layers.js';
import { hdf5Dtype, orderedWeights } from './new-weights.js';

export interface LayerGroupWriting {
  /** Where each layer's group stands in the file at this time. */
  readonly places: ReadonlyMap<Layer, string>;
  /** The graph whose weights the file holds already; undefined for a new file. */
  readonly before: Graph | undefined;
  /** Where a dataset of the file that was read stands in this one. */
  readonly moved: (path: string) => string;
  readonly dialect: Dialect;
  readonly values: TensorValues;
}

/** Writes new and changed weights of a model, in the layout of a `.weights.h5`. */
export async function writeWeightsHdf5(editor: Hdf5Editor, graph: Graph, writing: LayerGroupWriting): Promise<void> {
  // tf-keras does not load a file without it.
  makeVariables(editor, '/vars', graph.name, writing.dialect);
  await writeGraph(editor, graph, writing.before, writing);
}

async function writeGraph(
  editor: Hdf5Editor,
  graph: Graph,
  before: Graph | undefined,
  writing: LayerGroupWriting,
): Promise<void> {
  const old = new Map(before?.layers.map((layer) => [layer.name, layer]));
  for (const layer of layerOrder(graph)) {
    const known = old.get(layer.name);
    const place = writing.places.get(layer)!;
    makeVariables(editor, `${place}/vars`, layer.name, writing.dialect);
    for (const [group, name] of wrappedGroups(layer, place))
      makeVariables(editor, `${group}/vars`, name, writing.dialect);
    if (known === layer) continue;
    if (layer.graph !== undefined) await writeGraph(editor, layer.graph, known?.graph, writing);
    else if (known === undefined || hasNewWeights(layer) || isMisplaced(layer, writing.dialect))
      await makeWeights(editor, layer, place, writing);
    else await overwriteChanged(editor, layer, known, writing);
  }
}

/** The groups of what a layer wraps, with the names in their configs. */
const wrappedGroups = (layer: Layer, place: string): readonly (readonly [string, string])[] => {
  const inside = layer.graph?.name ?? layer.settings.name;
  const names = [...(layer.wrappers ?? []).slice(1).map(({ settings }) => settings.name), inside];
  return names
    .slice(0, stepAxes(layer))
    .map((name, depth) => [`${place}${'/layer'.repeat(depth + 1)}`, typeof name === 'string' ? name : layer.name]);
};

function makeVariables(editor: Hdf5Editor, path: string, name: string, dialect: Dialect): void {
  if (editor.has(path)) return;
  editor.makeGroup(path);
  if (dialect === 'keras3') editor.writeText(path, 'name', name);
}

async function makeWeights(
  editor: Hdf5Editor,
  layer: Layer,
  place: string,
  { values, dialect }: LayerGroupWriting,
): Promise<void> {
  const facts = weightFacts(layer) ?? [];
  for (const [index, { tensor }] of orderedWeights(layer).entries()) {
    const { path = `vars/${index}`, keras3Path = path, alsoAt } = facts[index]!;
    const places = [dialect === 'keras3' ? keras3Path : path, ...(alsoAt === undefined ? [] : [alsoAt])];
    for (const each of places)
      await editor.makeDataset(`${place}/${each}`, hdf5Dtype(tensor, layer), tensor.shape, values.chunks(tensor));
  }
}

async function overwriteChanged(
  editor: Hdf5Editor,
  layer: Layer,
  known: Layer,
  { moved, values }: LayerGroupWriting,
): Promise<void> {
  for (const weight of layer.weights) {
    const path = findDataset(weight, known);
    if (path === undefined || !isChanged(weight.tensor)) continue;
    await editor.overwrite(editor.dataset(moved(path)), values.chunks(weight.tensor));
  }
}
