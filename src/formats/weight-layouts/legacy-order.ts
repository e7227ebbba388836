import { layerOrder } from '../../model/layer-order.js';
import type { Graph, Layer } from '../../model/model.js';
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
 * frozen layers' among them; undefined where a layer's variables are not known.
 * Source: `_legacy_weights` in keras/src/legacy/saving/legacy_h5_format.py, `Model.non_trainable_weights` in tf_keras.
 */
export function legacyOrder(graph: Graph): readonly LegacyVariable[] | undefined {
  const { trainable, others } = split(graph, false);
  return trainable === undefined ? undefined : [...trainable, ...others];
}

interface Split {
  readonly trainable: readonly LegacyVariable[] | undefined;
  readonly others: readonly LegacyVariable[];
}

function split(graph: Graph, isFrozen: boolean): Split {
  const trainable: LegacyVariable[] = [];
  const others: LegacyVariable[] = [];
  for (const layer of layerOrder(graph)) {
    const frozen = isFrozen || graph.isFrozen;
    if (layer.graph !== undefined) {
      const inner = split(layer.graph, frozen);
      if (inner.trainable === undefined) return { trainable: undefined, others };
      trainable.push(...inner.trainable);
      others.push(...inner.others);
      continue;
    }
    const facts = weightFacts(layer);
    if (facts === undefined && !layer.isOperation) {
      // A layer that is not known, but has no weights in the file either, has no place in the order.
      if (layer.weights.length === 0) continue;
      return { trainable: undefined, others };
    }
    const isHeld = frozen || layer.settings.trainable === false;
    (facts ?? []).forEach((fact, index) => {
      (isHeld || STATISTICS.includes(fact.name) ? others : trainable).push({ layer, index });
    });
  }
  return { trainable, others };
}
