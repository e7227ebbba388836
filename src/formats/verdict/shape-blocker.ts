import { factsOf } from '../../layers/known-layers.js';
import { type Loader, shapeText } from '../../layers/layer-facts.js';
import { factsOfLayer } from '../../model/facts-of-layer.js';
import { resolveGraph } from '../../model/graph-nodes.js';
import type { Graph, Layer } from '../../model/model.js';
import { configShapes } from '../../model/shapes.js';
import { memoizeByObject } from '../memoize-by-object.js';
import type { Blocker } from './class-blocker.js';

/** A call that stops one loader, or all of them. */
interface Misfit extends Blocker {
  readonly loader?: Loader;
}

const remembered = memoizeByObject<Graph, 'misfits', readonly Misfit[]>();

/**
 * Finds a call whose input shapes, as far as configs tell them, stop a loader: looked for once for all of them.
 * @param loader undefined for what stops them all
 */
export const findShapeBlocker = (graph: Graph, loader?: Loader): Blocker | undefined =>
  remembered(graph, 'misfits', () => listMisfits(graph)).find(
    (misfit) => misfit.loader === undefined || misfit.loader === loader,
  );

function listMisfits(graph: Graph): readonly Misfit[] {
  const shapes = configShapes(graph, []);
  const field = 'inbound_nodes';
  return resolveGraph(graph).nodes.flatMap(({ layer, inputs }): readonly Misfit[] => {
    if (layer.graph !== undefined) return [];
    const given = inputs.map(({ node, tensor }) => shapes[node]?.[tensor]);
    const { misfit, mostAxes } = factsOfLayer(layer);
    const reason = misfit?.(layer.settings, given);
    if (reason !== undefined) return [{ layer: layer.name, field, reason }];
    const tooMany = given.find(
      (shape) => mostAxes !== undefined && shape !== undefined && shape.length > mostAxes.count,
    );
    if (mostAxes === undefined || mostAxes.isBuilt || tooMany === undefined) return [];
    const { loader, count } = mostAxes;
    return [
      { layer: layer.name, field, loader, reason: `gives it ${shapeText(tooMany)}, and it takes ${count} dimensions` },
    ];
  });
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
  return settings.return_state === true ? 'return_state' : factsOf(className, settings).severalOutputsBy?.(settings);
}
