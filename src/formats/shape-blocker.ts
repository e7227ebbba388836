import type { Loader } from '../layers/layer-facts.js';
import { readField } from '../layers/read-field.js';
import { factsOfLayer } from '../model/facts-of-layer.js';
import { resolveGraph } from '../model/graph-nodes.js';
import type { Graph, Layer } from '../model/model.js';
import { configShapes } from '../model/shapes.js';
import type { Blocker } from './loaders.js';
import { memoizeByObject } from './memoize-by-object.js';

const remembered = memoizeByObject<Graph, 'blocker', Blocker | undefined>();

/** Finds a call whose input shapes, as far as configs tell them, stop every loader: looked for once for all of them. */
export const findShapeBlocker = (graph: Graph): Blocker | undefined =>
  remembered(graph, 'blocker', () => findMisfit(graph));

function findMisfit(graph: Graph): Blocker | undefined {
  const shapes = configShapes(graph, []);
  for (const { layer, inputs } of resolveGraph(graph).nodes) {
    if (layer.graph !== undefined) continue;
    const given = inputs.map(({ node, tensor }) => shapes[node]?.[tensor]);
    const misfit = factsOfLayer(layer).misfit?.(layer.settings, given);
    if (misfit !== undefined) return { layer: layer.name, field: 'inbound_nodes', reason: misfit };
  }
  return undefined;
}

/** A layer of a Sequential model that gives several tensors: Keras 3 alone takes it, and only at the end. */
export function findSeveralOutputs({ kind, layers }: Graph, loader: Loader): Blocker | undefined {
  if (kind !== 'sequential') return undefined;
  const asked = loader === 'keras3' ? layers.slice(0, -1) : layers;
  for (const layer of asked) {
    const field = severalBy(layer);
    if (field !== undefined)
      return { layer: layer.name, field, reason: 'makes several outputs, and a Sequential model goes on with one' };
  }
  return undefined;
}

/** The field by which a layer of steps gives its states too, or both directions by themselves. */
function severalBy({ className, settings, wrappers }: Layer): string | undefined {
  if (wrappers !== undefined) return undefined;
  if (settings.return_state === true) return 'return_state';
  if (className !== 'Bidirectional') return undefined;
  if (settings.merge_mode === null) return 'merge_mode';
  const held = readField('layer', settings.layer);
  return held.kind === 'layers' && held.layers[0]?.config.return_state === true ? 'layer' : undefined;
}
