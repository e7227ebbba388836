import { RetrofitError } from './errors.js';
import type { Blocker } from './formats/verdict/class-blocker.js';
import type { Model } from './model/model.js';

/** The result of an attempt, or what in the model stopped it. */
export type Attempt<Made> = { readonly made: Made } | { readonly stop: Blocker };

/** Makes an attempt, of which a model is the input. */
export function attempt<Made>(model: Model, make: () => Made): Attempt<Made> {
  try {
    return { made: make() };
  } catch (error) {
    if (!(error instanceof RetrofitError) || error.kind !== 'input') throw error;
    const { layer = model.graph.name, field = '' } = error.where;
    return { stop: { layer, field, reason: error.message } };
  }
}
