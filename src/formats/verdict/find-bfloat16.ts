import type { Loader } from '../../layers/layer-facts.js';
import { type Graph, listGraphs, type WeightLayout } from '../../model/model.js';
import type { Blocker } from './class-blocker.js';

/**
 * Finds a weight of bfloat16 where Keras cannot read it back: Keras 2 never can, Keras 3 where the layout has no attribute that
 * names the type. Both write such files themselves.
 */
export function findBfloat16(root: Graph, loader: Loader, layout: WeightLayout): Blocker | undefined {
  if (loader !== 'keras2' && layout !== 'legacy-hdf5') return undefined;
  for (const { graph } of listGraphs(root)) {
    const layer = graph.layers.find(({ weights }) => weights.some(({ tensor }) => tensor.dtype === 'bfloat16'));
    if (layer !== undefined) return { layer: layer.name, field: 'dtype', reason: REASON };
  }
  return undefined;
}

const REASON = 'is bfloat16, and weights of that type are read back by Keras 3 alone, from a .keras or .weights.h5';
