import { layerOrder } from '../../model/layer-order.js';
import type { Graph, Layer } from '../../model/model.js';
import type { Hdf5File, Hdf5Renaming } from '../../storage/hdf5.js';
import { checkpointPaths } from './keras-2-12-groups.js';
import { layerGroupPaths, modelPath } from './layer-group-paths.js';

/** Moves of a `.weights.h5`'s groups from the layers of one graph to those of another. */
export interface LayerGroupMoves {
  /** Where each layer's group stands before anything is renamed; new layers have places of their own. */
  readonly places: ReadonlyMap<Layer, string>;
  /** Names that must be there before they can be exchanged, and hold nothing. */
  readonly placeholders: readonly string[];
  /** Renamings that give every group its new name, inner models first. */
  readonly renamings: readonly Hdf5Renaming[];
}

/**
 * Plans the moves. A layer's place follows from its class and its rank in the model: modules that come before it move
 * it.
 * @param before the graph whose weights the file holds
 */
export function planMoves(file: Hdf5File, before: Graph, after: Graph): LayerGroupMoves {
  const places = new Map<Layer, string>();
  const placeholders: string[] = [];
  const renamings: Hdf5Renaming[] = [];
  planGraph(before, after, '');
  return { places, placeholders, renamings };

  function planGraph(old: Graph | undefined, graph: Graph, holder: string): void {
    const group = `${holder}/layers`;
    const nameOf = (path: string) => path.slice(group.length + 1);
    const oldNames = old === undefined ? new Map<string, string>() : ownPaths(old, holder, nameOf);
    const newNames = ownPaths(graph, holder, nameOf);
    const present = new Set(file.has(group) ? file.list(group).map((entry) => entry.name) : []);
    // Which name each layer's group has now: old layers those of the file, new ones any that is free.
    const now = new Map<string, string>();
    for (const [layer, name] of oldNames) if (newNames.has(layer) && present.has(name)) now.set(layer, name);
    const all = new Set([...present, ...newNames.values()]);
    const taken = new Set(now.values());
    const free = [...all].filter((name) => !taken.has(name));
    for (const [layer, name] of newNames) {
      if (now.has(layer)) continue;
      const index = free.includes(name) ? free.indexOf(name) : free.findIndex((candidate) => !present.has(candidate));
      now.set(layer, free.splice(Math.max(index, 0), 1)[0]!);
    }
    placeholders.push(...free.filter((name) => !present.has(name)).map((name) => `${group}/${name}`));

    for (const layer of layerOrder(graph)) {
      const name = now.get(layer.name);
      if (name === undefined) continue;
      const place = `${group}/${name}`;
      places.set(layer, place);
      if (layer.graph === undefined) continue;
      const inner = old?.layers.find((candidate) => candidate.name === layer.name)?.graph;
      planGraph(inner, layer.graph, modelPath(layer, place));
    }
    const renames = completePermutation(new Map([...now].map(([layer, name]) => [name, newNames.get(layer)!])), all);
    if ([...renames].some(([from, to]) => from !== to)) renamings.push({ group, renames });
  }
}

/**
 * Plans copies for a file of TensorFlow 2.12 to 2.14: nothing can be renamed there, as the groups of layers have another
 * name.
 */
export function planCopies(file: Hdf5File, before: Graph, after: Graph): LayerGroupMoves {
  const paths = checkpointPaths(file, before);
  const places = new Map<Layer, string>();
  visit(before, after);
  return { places, placeholders: [], renamings: [] };

  function visit(old: Graph, graph: Graph): void {
    const known = new Map(old.layers.map((layer) => [layer.name, layer]));
    for (const layer of layerOrder(graph)) {
      const own = known.get(layer.name);
      const place = own && paths.get(own);
      if (place === undefined) continue;
      places.set(layer, place);
      if (layer.graph !== undefined && own?.graph !== undefined) visit(own.graph, layer.graph);
    }
  }
}

/** The layers of one model by name, with the names of their groups. */
function ownPaths(graph: Graph, holder: string, nameOf: (path: string) => string): ReadonlyMap<string, string> {
  const paths = layerGroupPaths(graph, holder);
  return new Map(layerOrder(graph).map((layer) => [layer.name, nameOf(paths.get(layer)!)]));
}

/** Completes the moves to a permutation: groups whose names are taken get those that become free. */
function completePermutation(
  moves: ReadonlyMap<string, string>,
  all: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const targets = new Set(moves.values());
  const staying = [...all].filter((name) => !moves.has(name) && !targets.has(name));
  const idle = [...all].filter((name) => !moves.has(name) && targets.has(name));
  const empty = [...all].filter((name) => !targets.has(name) && moves.has(name));
  return new Map([
    ...moves,
    ...staying.map((name) => [name, name] as const),
    ...idle.map((name, index) => [name, empty[index]!] as const),
  ]);
}
