import { inputError } from '../../errors.js';
import { weightsMismatch } from '../../model/check-weights.js';
import { layerOrder } from '../../model/layer-order.js';
import { withWeights } from '../../model/map-layers.js';
import type { Dialect, Graph, Layer } from '../../model/model.js';
import type { Weight } from '../../model/tensor.js';
import { plural } from '../../plural.js';
import type { Hdf5File } from '../../storage/hdf5.js';
import { datasetTensor, refuseUnreachable, weightFacts } from './hdf5-weights.js';
import { legacyOrder } from './legacy-order.js';
import { readTextList } from './text-lists.js';

/**
 * Gives every layer its weights from a legacy `.h5`. Keras pairs the groups with its layers one by one and ignores
 * their names; here the names must agree with the order.
 * @param base path of the group with the layers' groups; empty for the root
 * @throws RetrofitError `weights-mismatch`, `unreachable-layer`, `unmappable-weights`
 */
export function readLegacyHdf5(file: Hdf5File, graph: Graph, base: string): Graph {
  refuseUnreachable(graph);
  const dialect = graph.read?.dialect ?? 'keras2';
  const names = readTextList(file, base || '/', 'layer_names') ?? [];
  const layers = layerOrder(graph);
  const known = new Map(layers.map((layer) => [layer.name, layer]));
  const weights = new Map<Layer, readonly Weight[]>();
  const inFile: Layer[] = [];
  for (const name of names) {
    const stored = readTextList(file, groupPath(base, name), 'weight_names') ?? [];
    if (stored.length === 0) continue;
    const layer = known.get(name);
    if (layer === undefined)
      throw weightsMismatch(
        name,
        `the file has ${plural(stored.length, 'weight')} of a layer that the model does not have`,
        `${base}/layer_names`,
      );
    inFile.push(layer);
    const paths = stored.map((weight) => `${groupPath(base, name)}/${weight}`);
    for (const [owner, own] of pair(file, dialect, layer, stored, paths)) weights.set(owner, own);
  }
  const withoutWeights = layers.find((layer) => !inFile.includes(layer) && needsWeights(layer));
  if (withoutWeights !== undefined)
    throw weightsMismatch(withoutWeights.name, 'the file has no weights of this layer', `${base}/layer_names`);
  checkOrder(inFile, layers, base);
  return withWeights(graph, weights);
}

/** A layer's name is one path, slashes and all. */
export const groupPath = (base: string, layer: string): string => `${base}/${layer}`;

function needsWeights(layer: Layer): boolean {
  if (layer.graph !== undefined) return layerOrder(layer.graph).some(needsWeights);
  return (weightFacts(layer)?.length ?? 0) > 0;
}

function checkOrder(inFile: readonly Layer[], layers: readonly Layer[], base: string): void {
  const expected = layers.filter((layer) => inFile.includes(layer));
  const wrong = expected.findIndex((layer, index) => inFile[index] !== layer);
  if (wrong < 0) return;
  throw inputError(
    'unmappable-weights',
    `the file lists the weights of "${inFile[wrong]!.name}" where Keras would load those of "${expected[wrong]!.name}"`,
    {
      where: { layer: expected[wrong]!.name, field: `${base}/layer_names` },
      hint: 'the architecture was changed after the weights were saved: save the model again with Keras',
    },
  );
}

function pair(
  file: Hdf5File,
  dialect: Dialect,
  layer: Layer,
  stored: readonly string[],
  paths: readonly string[],
): ReadonlyMap<Layer, readonly Weight[]> {
  if (layer.graph !== undefined) return pairNested(file, dialect, { ...layer, graph: layer.graph }, stored, paths);
  const facts = weightFacts(layer);
  if (facts !== undefined && facts.length !== stored.length) {
    throw weightsMismatch(
      layer.name,
      `the file has ${plural(stored.length, 'weight')} of it, its config asks for ${facts.length}`,
    );
  }
  const own = paths.map((path, index) => ({
    name: facts?.[index]?.name ?? baseName(stored[index]!, layer.name),
    tensor: datasetTensor(file.dataset(path), layer),
  }));
  for (const [index, fact] of (facts ?? []).entries()) checkBaseName(stored[index]!, fact.name, facts!, layer);
  return new Map([[layer, own]]);
}

function pairNested(
  file: Hdf5File,
  dialect: Dialect,
  layer: Layer & { graph: Graph },
  stored: readonly string[],
  paths: readonly string[],
): ReadonlyMap<Layer, readonly Weight[]> {
  const order = legacyOrder(layer, dialect);
  if (order === undefined || order.length !== stored.length) {
    throw order === undefined
      ? inputError(
          'unmappable-weights',
          'a layer inside this model is not known here, so that the weights of the model cannot be told apart',
          {
            where: { layer: layer.name },
            hint: 'save the model as .keras, which keeps the weights of each layer by themselves',
          },
        )
      : weightsMismatch(
          layer.name,
          `the file has ${plural(stored.length, 'weight')} of this model, its layers ask for ${order.length}`,
        );
  }
  const weights = new Map<Layer, Weight[]>();
  for (const [position, { layer: inner, index }] of order.entries()) {
    const facts = weightFacts(inner)!;
    const { name } = facts[index]!;
    checkBaseName(stored[position]!, name, facts, inner);
    if (isOfAnother(stored[position]!, inner.name, stored))
      throw weightsMismatch(inner.name, `the file has "${stored[position]}" where this layer's "${name}" is expected`);
    const own = weights.get(inner) ?? [];
    own[index] = { name, tensor: datasetTensor(file.dataset(paths[position]!), inner) };
    weights.set(inner, own);
  }
  return weights;
}

/** Tells whether a weight's name is another layer's, for all that names tell: those of Keras 2's Normalization have none. */
const isOfAnother = (name: string, layer: string, all: readonly string[]): boolean =>
  name.includes('/') && !name.includes(layer) && all.some((other) => `/${other}`.includes(`/${layer}/`));

/** The variable's name within its layer: `bn/gamma:0` is `gamma`. */
const baseName = (stored: string, layer: string): string =>
  (stored.startsWith(`${layer}/`) ? stored.slice(layer.length + 1) : stored).replace(/:0$/, '');

/** Refuses a name that another of the layer's weights has. */
function checkBaseName(
  stored: string,
  expected: string,
  facts: readonly { readonly name: string }[],
  layer: Layer,
): void {
  const last = stored.replace(/:0$/, '').split('/').at(-1)!;
  const lastOf = (name: string) => name.split('/').at(-1)!;
  if (last === lastOf(expected) || !facts.some((fact) => lastOf(fact.name) === last)) return;
  throw weightsMismatch(layer.name, `the file has "${stored}" where the weight "${expected}" is expected`);
}
