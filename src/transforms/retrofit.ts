import { defect, usageError } from '../errors.js';
import {
  type Call,
  type Graph,
  type Layer,
  listGraphs,
  type Model,
  mapGraphs,
  samePath,
  scaleName,
  type TensorRef,
  tensorKey,
  withLayers,
} from '../model/model.js';
import { doubled, type Tensor } from '../model/tensor.js';
import { unfreeze } from '../model/unfreeze.js';
import { layerKey } from '../model/weight-key.js';
import { RETROFIT_DEFAULTS, type RetrofitOptions } from '../plan/options.js';
import type { Doubling, Plan, Site } from '../plan/plan.js';
import { planRetrofit } from '../plan/plan-retrofit.js';
import { type ModuleDesign, moduleLayers } from '../se/module-layers.js';
import { extendRecord } from './extend-record.js';
import { renameOutputs } from './rename-outputs.js';

export { RETROFIT_DEFAULTS, type RetrofitOptions };

/**
 * Puts SE modules into a model. Pure: the model that comes in stays as it is.
 * @param plan what to do, or options to plan it by
 * @throws RetrofitError whatever `planRetrofit` throws for these options; `bad-option` for another model's plan. No weight is read here: where one is too large
 * to be doubled, writing the model throws `overflow`; give its name to `planRetrofit`, which finds another compensation.
 * @example
 * const before = await readModel('mobilenet/model.json');
 * const after = retrofit(before, { ratio: 16, skipStages: [5] });
 */
export function retrofit(model: Model, plan: Plan | Partial<RetrofitOptions> = {}): Model {
  const decided = 'sites' in plan ? plan : planRetrofit(model, plan);
  if (decided === plan) refuseOthersPlan(model.graph, decided);
  const graph = mapGraphs(unfreeze(model.graph), (inner, path) => retrofitGraph(inner, path, decided));
  return {
    ...model,
    graph,
    trainingConfig: renameOutputs(model.trainingConfig, model.graph, graph),
    record: extendRecord(model, decided),
  };
}

/** A plan names layers, which another model may not have: what it says of them would be left out, or fall on others. */
function refuseOthersPlan(graph: Graph, { sites, doublings }: Plan): void {
  const layers = new Set(
    [...listGraphs(graph)].flatMap(({ graph: inner, path }) => inner.layers.map(({ name }) => layerKey(path, name))),
  );
  const named = [
    ...sites.flatMap((site) =>
      [
        site.after,
        ...site.tensors.flatMap(({ tensor, readers }) => [tensor.layer, ...readers.map(({ layer }) => layer)]),
      ].map((name) => [site.graph, name] as const),
    ),
    ...doublings.map(({ graph: path, layer }) => [path, layer] as const),
  ];
  const missing = named.find(([path, name]) => !layers.has(layerKey(path, name)));
  if (missing === undefined) return;
  throw usageError('bad-option', `the plan is that of another model: it names the layer "${missing[1]}"`, {
    where: { layer: missing[1] },
    hint: 'plan for this model: planRetrofit(model)',
  });
}

function retrofitGraph(graph: Graph, path: readonly string[], plan: Plan): Graph {
  const sites = plan.sites.filter((site) => samePath(site.graph, path));
  const doublings = new Map<string, Doubling[]>();
  for (const doubling of plan.doublings) {
    if (samePath(doubling.graph, path))
      doublings.set(doubling.layer, [...(doublings.get(doubling.layer) ?? []), doubling]);
  }
  const redirects = redirectsOf(sites);
  const layers = graph.layers.map((layer): Layer => {
    const changes: Partial<Layer> = {
      ...redirectCalls(layer, redirects),
      ...doubleWeights(layer, doublings.get(layer.name)),
    };
    return Object.keys(changes).length === 0 ? layer : { ...layer, ...changes };
  });
  if (sites.length === 0) return withLayers(graph, layers);

  const scaled = new Map(
    sites.flatMap((site) =>
      site.tensors.flatMap(({ tensor, isOutput }, call) =>
        isOutput ? [[tensorKey(tensor), scaleOf(site, call)] as const] : [],
      ),
    ),
  );
  return {
    ...graph,
    kind: 'functional',
    layers: insertModules(
      layers.map(({ implicit: _, ...layer }) => layer),
      sites,
      plan.options,
    ),
    outputs: graph.outputs.map((ref) => scaled.get(tensorKey(ref)) ?? ref),
  };
}

const scaleOf = (site: Site, call: number): TensorRef => ({ layer: scaleName(site.name), call, tensor: 0 });

/** Returns the tensors that each call is to read instead, by the call's key. */
function redirectsOf(sites: readonly Site[]): ReadonlyMap<string, ReadonlyMap<string, TensorRef>> {
  const redirects = new Map<string, Map<string, TensorRef>>();
  for (const site of sites) {
    site.tensors.forEach(({ tensor, readers }, call) => {
      for (const reader of readers) {
        const key = `${reader.call}:${reader.layer}`;
        const own = redirects.get(key) ?? new Map<string, TensorRef>();
        redirects.set(key, own.set(tensorKey(tensor), scaleOf(site, call)));
      }
    });
  }
  return redirects;
}

function redirectCalls(layer: Layer, redirects: ReadonlyMap<string, ReadonlyMap<string, TensorRef>>): Partial<Layer> {
  let changed = false;
  const calls = layer.calls.map((call, index): Call => {
    const instead = redirects.get(`${index}:${layer.name}`);
    if (instead === undefined) return call;
    changed = true;
    return { ...call, inputs: call.inputs.map((ref) => instead.get(tensorKey(ref)) ?? ref) };
  });
  return changed ? { calls } : {};
}

function doubleWeights(layer: Layer, doublings: readonly Doubling[] | undefined): Partial<Layer> {
  if (doublings === undefined) return {};
  const exponents = new Map(doublings.map((doubling) => [doubling.weight, doubling.exponent]));
  const lost = [...exponents.keys()].find((name) => layer.weights.every((weight) => weight.name !== name));
  // An architecture alone has no weights.
  if (lost !== undefined && layer.weights.length > 0)
    throw defect('a weight that is to be doubled is not there', { layer: layer.name, field: lost });
  const weights = layer.weights.map((weight) => {
    let tensor: Tensor = weight.tensor;
    for (let times = exponents.get(weight.name) ?? 0; times > 0; times--) tensor = doubled(tensor);
    return { ...weight, tensor };
  });
  return { weights };
}

/** The modules' layers behind the layers they scale: behind the last one, where a module is called several times. */
function insertModules(layers: readonly Layer[], sites: readonly Site[], options: RetrofitOptions): readonly Layer[] {
  const positions = new Map(layers.map((layer, index) => [layer.name, index]));
  const behind = new Map<number, Site[]>();
  for (const site of sites) {
    const position = Math.max(...site.tensors.map(({ tensor }) => positions.get(tensor.layer)!));
    behind.set(position, [...(behind.get(position) ?? []), site]);
  }
  return layers.flatMap((layer, index) => [
    layer,
    ...(behind.get(index) ?? []).flatMap((site) =>
      moduleLayers(
        designOf(site, options),
        site.tensors.map(({ tensor }) => tensor),
      ),
    ),
  ]);
}

/** Field by field: to spread both takes 15 kB a module, which is felt in very deep networks. */
const designOf = (
  { name, channels, units, spatialRank, stepAxes, isChannelsFirst, isFrozen, dtype, exactBy }: Site,
  { form, squeeze, bias, init, seed }: RetrofitOptions,
): ModuleDesign => ({
  name,
  channels,
  units,
  spatialRank,
  stepAxes,
  isChannelsFirst,
  isFrozen,
  dtype,
  form,
  squeeze,
  bias,
  init,
  seed,
  doubleGate: exactBy === 'doubled-gate',
});
