import { RetrofitError } from './errors.js';
import type { Blocker } from './formats/loaders.js';
import type { Model } from './model/model.js';

/** Returns what in a model stops an attempt, of which the model is the input; undefined where nothing does. */
export function findStop(model: Model, attempt: (model: Model) => void): Blocker | undefined {
  try {
    attempt(model);
    return undefined;
  } catch (error) {
    if (!(error instanceof RetrofitError) || error.kind !== 'input') throw error;
    const { layer = model.graph.name, field = '' } = error.where;
    return { layer, field, reason: error.message };
  }
}
