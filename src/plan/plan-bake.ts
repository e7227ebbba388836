import { inputError, usageError } from '../errors.js';
import type { Loader } from '../layers/layer-facts.js';
import {
  findGraph,
  freeName,
  type Graph,
  listGraphs,
  loaderOf,
  type Model,
  type RetrofitRecord,
  samePath,
  scaleName,
  type TensorRef,
  tensorKey,
  type Warning,
} from '../model/model.js';
import { weightKey } from '../model/weight-key.js';
import { fixedScaling } from '../se/fixed-scaling.js';
import { listLayerNames, removeModules } from '../se/remove-modules.js';
import { channelsAxisOf, type GraphView, listViews, shapeOf, viewGraph } from '../stages/graph-view.js';
import { CHANNELWISE, type ChannelFactors } from './channel-transfer.js';
import { type Fold, listFolds } from './folds.js';
import { listRetrofittedModules, type RetrofittedModule } from './retrofitted-modules.js';
import { propagateAhead, propagateBack, type ScaleSource } from './scale-propagation.js';

/** A module whose gates become constants: in weights before it, in weights behind it, or in a layer that scales. */
export interface BakedModule extends RetrofittedModule {
  readonly road: 'upstream' | 'downstream' | 'fixed';
  readonly folds: readonly Fold[];
  /** The name of the layer that takes the module's place. */
  readonly fixedName: string | undefined;
}

/** The plan of baking modules. */
export interface BakePlan {
  readonly modules: readonly BakedModule[];
  /** Modules that stay: the format has no layer that could take their place, and no weights can. */
  readonly kept: readonly RetrofittedModule[];
  /** The record afterwards. */
  readonly record: RetrofitRecord | undefined;
}

/**
 * Decides where the mean gates of modules go, so that the model costs the same as before the modules were added.
 * @param names the modules to bake; all by default
 * @throws RetrofitError whatever `listRetrofittedModules` throws; `unknown-module`, `bad-record`
 */
export function planBake(model: Model, names?: Iterable<string>): BakePlan {
  const modules = listRetrofittedModules(model);
  const wanted = names === undefined ? modules : chosen(modules, [...names]);
  let baked = wanted;
  for (;;) {
    // A module that stays is an obstacle for the factors of others: they are led anew without it.
    const led = leadAll(model, baked);
    const going = baked.filter((_, index) => led[index] !== undefined);
    if (going.length === baked.length) {
      return {
        modules: led as readonly BakedModule[],
        kept: wanted.filter((module) => !baked.includes(module)),
        record: remainingRecord(model.record, baked),
      };
    }
    baked = going;
  }
}

function chosen(modules: readonly RetrofittedModule[], names: readonly string[]): readonly RetrofittedModule[] {
  const unknown = names.find((name) => !modules.some((module) => module.name === name));
  if (unknown === undefined) return modules.filter(({ name }) => names.includes(name));
  throw usageError('unknown-module', `the model has no module "${unknown}"`, {
    hint: `its modules are ${modules.map(({ name }) => name).join(', ')}`,
  });
}

/** @returns how each module goes; undefined for one that has to stay */
function leadAll(model: Model, modules: readonly RetrofittedModule[]): readonly (BakedModule | undefined)[] {
  const loader = loaderOf(model.format);
  const plain = removeModules(model.graph, modules);
  const views = [...listViews(viewGraph(plain))];
  const taken = new Set([...listGraphs(model.graph)].flatMap(({ graph }) => graph.layers.map(({ name }) => name)));
  return modules.map((module): BakedModule | undefined => {
    const view = views.find(({ path }) => samePath(path, module.graph));
    const folds = view && lead(view, findGraph(model.graph, module.graph)!, module, modules, loader);
    if (folds !== undefined) return { ...module, ...folds, fixedName: undefined };
    if (fixedScaling(module, '', loader, () => new Float32Array()) === undefined) return undefined;
    const fixedName = freeName(`${module.name}_fixed`, (name) => taken.has(name));
    taken.add(fixedName);
    return { ...module, road: 'fixed', folds: [], fixedName };
  });
}

/** Leads a module's factors into weights. @param view the graph without the modules that are baked */
function lead(
  view: GraphView,
  graph: Graph,
  module: RetrofittedModule,
  baked: readonly RetrofittedModule[],
  loader: Loader,
): Pick<BakedModule, 'road' | 'folds'> | undefined {
  const uses = listUses(
    graph,
    baked.filter((other) => samePath(other.graph, module.graph)),
  );
  const sources: ScaleSource<ChannelFactors>[] = [];
  let areAllScaled = true;
  module.features.forEach((_, call) => {
    const passed = uses.filter((use) => use.passed.has(passKey(module, call)));
    const [first] = passed;
    if (first === undefined) return;
    const key = tensorKey(first.tensor);
    const isWhole = uses.every((use) => tensorKey(use.tensor) !== key || passed.includes(use));
    areAllScaled &&= isWhole;
    const place = { node: view.nodeOf(first.tensor).id, tensor: first.tensor.tensor };
    const readers = passed.flatMap(({ reader }) => (reader === undefined ? [] : [view.nodeOf(reader).id]));
    const channels = Array.from({ length: module.channels }, (_, channel) => channel);
    sources.push({
      view,
      place: { ...place, readers: isWhole ? 'all' : readers },
      state: { axis: channelsAxisOf(view, place.node, shapeOf(view, place)?.length ?? 0), channels },
    });
  });
  const isClosed = () => false;
  const before = areAllScaled ? foldAll(propagateBack(sources, isClosed, CHANNELWISE), 'output', loader) : undefined;
  if (before !== undefined) return { road: 'upstream', folds: before };
  const behind = foldAll(propagateAhead(sources, isClosed, CHANNELWISE), 'input', loader);
  return behind && { road: 'downstream', folds: behind };
}

function foldAll(
  sinks: ReturnType<typeof propagateBack<ChannelFactors>>,
  side: 'output' | 'input',
  loader: Loader,
): readonly Fold[] | undefined {
  const folds = sinks?.map((sink) => listFolds(sink, side, loader));
  return folds?.includes(undefined) ? undefined : (folds as readonly (readonly Fold[])[] | undefined)?.flat();
}

/** A use of a tensor, and the modules on the way to it. */
interface Use {
  /** The tensor without modules. */
  readonly tensor: TensorRef;
  readonly passed: ReadonlySet<string>;
  /** The call that reads it; undefined where it is an output. */
  readonly reader: TensorRef | undefined;
}

const passKey = ({ name }: RetrofittedModule, call: number): string => `${call}:${name}`;

/** Every use of a tensor in a graph, seen as if some modules were not there. */
function listUses(graph: Graph, modules: readonly RetrofittedModule[]): readonly Use[] {
  const scaled = new Map(
    modules.flatMap((module) =>
      module.features.map((features, call) => {
        const key = tensorKey({ layer: scaleName(module.name), call, tensor: 0 });
        return [key, { features, pass: passKey(module, call) }] as const;
      }),
    ),
  );
  const inside = new Set(modules.flatMap(listLayerNames));
  const useOf = (ref: TensorRef, reader: TensorRef | undefined): Use => {
    const passed = new Set<string>();
    let tensor = ref;
    for (let step = scaled.get(tensorKey(tensor)); step !== undefined; step = scaled.get(tensorKey(tensor))) {
      passed.add(step.pass);
      tensor = step.features;
    }
    return { tensor, passed, reader };
  };
  const read = graph.layers
    .filter((layer) => !inside.has(layer.name))
    .flatMap((layer) =>
      layer.calls.flatMap(({ inputs }, call) =>
        inputs.map((ref) => useOf(ref, { layer: layer.name, call, tensor: 0 })),
      ),
    );
  return [...read, ...graph.outputs.map((ref) => useOf(ref, undefined))];
}

/** Returns the record of the modules that stay. The doubling of a baked module is folded for good. */
function remainingRecord(
  record: RetrofitRecord | undefined,
  baked: readonly RetrofittedModule[],
): RetrofitRecord | undefined {
  if (record === undefined) return undefined;
  const isBaked = ({ name }: { readonly name: string }) => baked.some((module) => module.name === name);
  const modules = record.modules.filter((module) => !isBaked(module));
  if (modules.length === 0) return undefined;
  if (baked.length === 0) return record;
  const folded = new Map<string, number>();
  for (const { name, graph, doubled } of record.modules.filter(isBaked)) {
    if (doubled === undefined) {
      throw inputError('bad-record', 'an early version recorded this module without what was doubled for it', {
        where: { layer: scaleName(name) },
        hint: 'bake all modules at once, or put them in again with this version',
      });
    }
    for (const { layer, weight } of doubled) {
      const key = weightKey(graph, layer, weight);
      folded.set(key, (folded.get(key) ?? 0) + 1);
    }
  }
  const doubled = record.doubled.flatMap((entry) => {
    const exponent = entry.exponent - (folded.get(weightKey(entry.graph, entry.layer, entry.weight)) ?? 0);
    return exponent === 0 ? [] : [{ ...entry, exponent }];
  });
  return { ...record, modules, doubled };
}

/** Lists the warnings of a plan. */
export const bakeWarnings = ({ kept }: BakePlan): readonly Warning[] =>
  kept.map(({ name }) => ({
    code: 'module-kept',
    message: 'this module stays: its gates fit into no weights, and the format has no layer that could take its place',
    where: scaleName(name),
  }));
