import { inputError } from '../../errors.js';
import { weightsMismatch } from '../../model/check-weights.js';
import { type Graph, type Layer, listGraphs } from '../../model/model.js';
import type { Weight } from '../../model/tensor.js';
import type { Hdf5File } from '../../storage/hdf5.js';
import { containerPaths, modelPath } from './container-paths.js';
import { datasetTensor, refuseUnreachable, weightFacts, withWeights } from './hdf5-weights.js';

/**
 * Gives every layer its weights from a `.weights.h5`, by the place that its class and its rank in the model give it.
 * Where the file carries the layers' names, they must agree.
 * @throws RetrofitError `weights-mismatch`, `unreachable-layer`, `unmappable-weights`
 */
export function readWeightsHdf5(file: Hdf5File, graph: Graph): Graph {
  if (file.has('/_layer_checkpoint_dependencies')) {
    throw inputError(
      'unmappable-weights',
      'its weights lie under "_layer_checkpoint_dependencies", as TensorFlow 2.12 to 2.14 wrote them, with numbers that may have gaps',
      {
        where: { field: '/_layer_checkpoint_dependencies' },
        hint: 'load the model in the Keras that saved it and save it as .h5',
      },
    );
  }
  refuseUnreachable(graph);
  const paths = containerPaths(graph);
  const weights = new Map<Layer, readonly Weight[]>();
  for (const [layer, path] of paths) {
    if (layer.graph === undefined) weights.set(layer, readLayer(file, graph, layer, path));
    checkName(file, layer, path);
  }
  refuseForeignGroups(file, graph, paths);
  return withWeights(graph, weights);
}

function readLayer(file: Hdf5File, root: Graph, layer: Layer, path: string): readonly Weight[] {
  const facts = weightFacts(layer);
  const has = file.has(path);
  if (facts === undefined) {
    const found = has ? listDatasets(file, path) : [];
    return found.map((dataset) => ({
      name: dataset.slice(path.length + 1),
      tensor: datasetTensor(file.dataset(dataset), layer),
    }));
  }
  const own = modelPath(layer, path);
  const count = has && file.has(`${own}/vars`) ? file.list(`${own}/vars`).length : 0;
  const expected = facts.filter(({ path: place = 'vars/' }) =>
    place.replace(/^(layer\/)*/, '').startsWith('vars/'),
  ).length;
  if (count > expected)
    throw weightsMismatch(layer.name, `"${path}/vars" holds ${count} tensors, the layer has ${expected}`);
  return facts.map((fact, index) => {
    const place = `${path}/${fact.path ?? `vars/${index}`}`;
    if (!has || !file.has(place)) throw missing(root, layer, fact.name, place);
    return { name: fact.name, tensor: datasetTensor(file.dataset(place), layer) };
  });
}

function missing(root: Graph, layer: Layer, name: string, place: string) {
  const twins = [...listGraphs(root)].filter(({ graph }) => graph.layers.some((other) => other.name === layer.name));
  if (twins.length < 2)
    return weightsMismatch(layer.name, `its weight "${name}" is missing: nothing stands at "${place}"`);
  return inputError(
    'unmappable-weights',
    `two models hold a layer of this name, and only one has weights in the file: it is one layer in two models`,
    {
      where: { layer: layer.name, field: place },
      hint: 'Keras versions count such a layer differently: save the model as .h5 and give that',
    },
  );
}

/** Keras 3.6 and newer write each layer's name beside its weights. */
function checkName(file: Hdf5File, layer: Layer, path: string): void {
  const vars = `${path}/vars`;
  const name = file.has(vars) ? file.readText(vars, 'name') : undefined;
  if (name === undefined || name === layer.name) return;
  throw weightsMismatch(layer.name, `the file says that "${vars}" belongs to the layer "${name}"`, vars);
}

/** Weights that no layer claims tell of another architecture. */
function refuseForeignGroups(file: Hdf5File, graph: Graph, paths: ReadonlyMap<Layer, string>): void {
  const claimed = new Set(paths.values());
  const containers = [
    '',
    ...[...paths].flatMap(([layer, path]) => (layer.graph === undefined ? [] : [modelPath(layer, path)])),
  ];
  for (const container of containers) {
    const group = `${container}/layers`;
    if (!file.has(group)) continue;
    for (const { name } of file.list(group)) {
      const path = `${group}/${name}`;
      if (claimed.has(path) || listDatasets(file, path).length === 0) continue;
      throw weightsMismatch(graph.name, `the weights at "${path}" belong to no layer of the model`, path);
    }
  }
}

/** Paths of all datasets in a group and its groups, numbered ones in the order of their numbers. */
export function listDatasets(file: Hdf5File, group: string): readonly string[] {
  return file
    .list(group)
    .toSorted((left, right) => left.name.localeCompare(right.name, 'en', { numeric: true }))
    .flatMap(({ name, kind }) => (kind === 'dataset' ? [`${group}/${name}`] : listDatasets(file, `${group}/${name}`)));
}
