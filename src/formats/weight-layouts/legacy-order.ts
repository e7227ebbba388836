import { layerOrder } from '../../model/layer-order.js';
import type { Dialect, Graph, Layer } from '../../model/model.js';
import { weightFacts } from './hdf5-weights.js';

/** A variable of a layer, by its rank among the layer's. */
export interface LegacyVariable {
  readonly layer: Layer;
  readonly index: number;
}

// What Keras keeps out of training: statistics. Everything else is trainable unless its layer is frozen.
const STATISTICS: readonly string[] = ['moving_mean', 'moving_variance', 'mean', 'variance', 'count'];

/**
 * The order of a model's variables in its group of a legacy `.h5`: all trainable ones of its layers, then all others,
 * frozen layers' among them; undefined where a layer's variables are not known. A model that is frozen as a whole
 * freezes its layers in Keras 3; in Keras 2 they are what their own configs say.
 * Source: `_legacy_weights` in keras/src/legacy/saving/legacy_h5_format.py, `Layer.trainable` in keras/src/layers,
 * `Model.non_trainable_weights` in tf_keras/src/engine/training.py.
 */
export function legacyOrder(graph: Graph, dialect: Dialect): readonly LegacyVariable[] | undefined {
  const parts = split(graph, dialect, false);
  return parts && [...parts.trainable, ...parts.others];
}

interface Split {
  readonly trainable: readonly LegacyVariable[];
  readonly others: readonly LegacyVariable[];
}

function split(graph: Graph, dialect: Dialect, isHeld: boolean): Split | undefined {
  const trainable: LegacyVariable[] = [];
  const others: LegacyVariable[] = [];
  const isFrozen = isHeld || (dialect === 'keras3' && graph.isFrozen);
  for (const layer of layerOrder(graph)) {
    if (layer.graph !== undefined) {
      const inner = split(layer.graph, dialect, isFrozen);
      if (inner === undefined) return undefined;
      trainable.push(...inner.trainable);
      others.push(...inner.others);
      continue;
    }
    const facts = weightFacts(layer);
    // A layer that is not known, but has no weights in the file either, has no place in the order.
    if (facts === undefined && layer.weights.length > 0) return undefined;
    const isOwn = isFrozen || layer.settings.trainable === false;
    (facts ?? []).forEach((fact, index) => {
      (isOwn || STATISTICS.includes(fact.name) ? others : trainable).push({ layer, index });
    });
  }
  return graph.isFrozen ? { trainable: [], others: [...trainable, ...others] } : { trainable, others };
}
