import { layerOrder } from '../../model/layer-order.js';
import type { Dialect, Graph, Layer } from '../../model/model.js';
import { weightFacts } from './hdf5-weights.js';

/** A variable of a layer, by its rank among the layer's. */
export interface LegacyVariable {
  readonly layer: Layer;
  readonly index: number;
}

/**
 * Returns the order of a nested or wrapped model's variables in its group of a legacy `.h5`: all trainable ones of its
 * layers, then statistics and what frozen layers have; undefined where a layer's variables are not known. Where a whole
 * is frozen, all keep their order: in Keras 3 the model that has the group, in Keras 2, which forgets that of models,
 * wrappers at any depth.
 * Source: `_legacy_weights` in keras/src/legacy/saving/legacy_h5_format.py, `Layer.trainable_variables` in
 * keras/src/layers/layer.py; `Layer.non_trainable_weights` in tf_keras/src/engine/base_layer.py.
 */
export function legacyOrder(model: Layer & { graph: Graph }, dialect: Dialect): readonly LegacyVariable[] | undefined {
  const isFrozen = model.wrappers === undefined && model.graph.isFrozen;
  const parts = split(model.graph, dialect, isFrozenByWrapper(model) || (dialect === 'keras3' && isFrozen));
  return parts && [...parts.trainable, ...parts.others];
}

const isFrozenByWrapper = ({ wrappers = [] }: Layer): boolean => wrappers[0]?.settings.trainable === false;

interface Split {
  readonly trainable: readonly LegacyVariable[];
  readonly others: readonly LegacyVariable[];
}

function split(graph: Graph, dialect: Dialect, isFrozen: boolean): Split | undefined {
  const trainable: LegacyVariable[] = [];
  const others: LegacyVariable[] = [];
  for (const layer of layerOrder(graph)) {
    const areAllFrozen = isFrozen || (dialect === 'keras2' && isFrozenByWrapper(layer));
    if (layer.graph !== undefined) {
      const inner = split(layer.graph, dialect, areAllFrozen);
      if (inner === undefined) return undefined;
      trainable.push(...inner.trainable);
      others.push(...inner.others);
      continue;
    }
    const facts = weightFacts(layer);
    // A layer that is not known, but has no weights in the file either, has no place in the order.
    if (facts === undefined && layer.weights.length > 0) return undefined;
    const isOwn = areAllFrozen || layer.settings.trainable === false;
    (facts ?? []).forEach((fact, index) => {
      (isOwn || fact.isStatistic ? others : trainable).push({ layer, index });
    });
  }
  return { trainable, others };
}
