import { inputError } from '../../errors.js';
import { isInput } from '../../layers/known-layers.js';
import { weightsMismatch } from '../../model/check-weights.js';
import { withWeights } from '../../model/map-layers.js';
import { type Graph, type Layer, listGraphs, stepAxes } from '../../model/model.js';
import type { Weight } from '../../model/tensor.js';
import type { Hdf5File } from '../../storage/hdf5.js';
import { datasetTensor, refuseUnreachable, weightFacts } from './hdf5-weights.js';
import { CHECKPOINT_GROUP, checkpointPaths, findForeignGroup, listDatasets } from './keras-2-12-groups.js';
import { layerGroupPaths, modelPath } from './layer-group-paths.js';

/**
 * Gives every layer its weights from a `.weights.h5`, by the place that its class and its rank in the model give it.
 * Where the file carries the layers' names, they must agree.
 * @throws RetrofitError `weights-mismatch`, `unreachable-layer`, `unmappable-weights`
 */
export function readWeightsHdf5(file: Hdf5File, graph: Graph): Graph {
  refuseUnreachable(graph);
  const isOfCheckpoint = file.has(`/${CHECKPOINT_GROUP}`);
  const paths = isOfCheckpoint ? checkpointPaths(file, graph) : layerGroupPaths(graph);
  const weights = new Map<Layer, readonly Weight[]>();
  for (const [layer, path] of paths) {
    if (layer.graph === undefined) weights.set(layer, readLayer(file, graph, layer, path));
    checkName(file, layer, path);
  }
  refuseForeignGroups(file, graph, paths, isOfCheckpoint ? CHECKPOINT_GROUP : 'layers');
  return withWeights(graph, weights);
}

function readLayer(file: Hdf5File, root: Graph, layer: Layer, path: string): readonly Weight[] {
  const facts = weightFacts(layer);
  const has = file.has(path);
  if (facts === undefined) {
    const found = has ? listDatasets(file, path) : [];
    const inner = found.find((dataset) => dataset.includes(`/${CHECKPOINT_GROUP}/`, path.length));
    if (inner !== undefined) throw hiddenModel(layer, inner);
    return found.map((dataset) => ({
      name: dataset.slice(path.length + 1),
      tensor: datasetTensor(file.dataset(dataset), layer),
    }));
  }
  const own = modelPath(layer, path);
  const count = has && file.has(`${own}/vars`) ? file.list(`${own}/vars`).length : 0;
  const places = facts.flatMap(({ path = 'vars/', alsoAt = '' }) => [path, alsoAt]);
  const inside = `${'layer/'.repeat(stepAxes(layer))}vars/`;
  const expected = places.filter((place) => place.startsWith(inside)).length;
  if (count > expected)
    throw weightsMismatch(layer.name, `"${path}/vars" holds ${count} tensors, the layer has ${expected}`);
  return facts.map((fact, index) => {
    const places = [fact.path ?? `vars/${index}`, fact.keras3Path].map((place) => place && `${path}/${place}`);
    const place = places.find((each) => has && each !== undefined && file.has(each));
    if (place === undefined) throw missing(root, layer, fact.name, places[0]!);
    return { name: fact.name, tensor: datasetTensor(file.dataset(place), layer) };
  });
}

/** The groups of a model inside would have to get other names, and which layers it has is not known. */
const hiddenModel = (layer: Layer, place: string) =>
  inputError('unmappable-weights', 'the layer holds a model, whose weights lie as TensorFlow 2.12 to 2.14 wrote them', {
    where: { layer: layer.name, field: place },
    hint: 'load the model in the TensorFlow that saved it and save it as .h5',
  });

function missing(root: Graph, layer: Layer, name: string, place: string) {
  const shared = findShared(root, layer);
  if (shared === undefined)
    return weightsMismatch(layer.name, `its weight "${name}" is missing: nothing stands at "${place}"`);
  return inputError(
    'unmappable-weights',
    'this layer stands in two places, and its weights are in the file once, where Keras itself mostly does not find them',
    {
      where: { layer: shared.name, field: place },
      hint: 'where the model is still in memory, save it as .h5, which holds them in both places, and give that',
    },
  );
}

/** The layer itself or another one that stands in two models, or in a model and in a wrapper: those behind it are counted otherwise. */
function findShared(root: Graph, layer: Layer): Layer | undefined {
  const found = new Map<string, Layer>();
  const twins: Layer[] = [];
  for (const { graph } of listGraphs(root))
    for (const each of graph.layers) {
      if (isInput(each.className) || !weightFacts(each)?.length) continue;
      const own = typeof each.settings.name === 'string' ? each.settings.name : each.name;
      if (found.has(own)) twins.push(each);
      else found.set(own, each);
    }
  return twins.find((twin) => twin.name === layer.name) ?? twins[0];
}

/** Keras 3.6 and newer write each layer's name beside its weights. */
function checkName(file: Hdf5File, layer: Layer, path: string): void {
  const vars = `${path}/vars`;
  const name = file.has(vars) ? file.readText(vars, 'name') : undefined;
  if (name === undefined || name === layer.name) return;
  throw weightsMismatch(layer.name, `the file says that "${vars}" belongs to the layer "${name}"`, vars);
}

/** Weights that no layer claims tell of another architecture. */
function refuseForeignGroups(file: Hdf5File, graph: Graph, paths: ReadonlyMap<Layer, string>, group: string): void {
  const path = findForeignGroup(file, paths, group);
  if (path === undefined) return;
  throw weightsMismatch(graph.name, `the weights at "${path}" belong to no layer of the model`, path);
}
