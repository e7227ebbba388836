import { RetrofitError } from '../errors.js';
import { loaderOf, type Model } from '../model/model.js';
import { convertModel } from './convert-model.js';

/** The model with the names that its layers have in the other's format; as it is, where that format cannot hold it. */
export function inDialectOf({ format }: Model, model: Model): Model {
  if (loaderOf(format) === loaderOf(model.format)) return model;
  try {
    return convertModel(model, format);
  } catch (error) {
    if (error instanceof RetrofitError && error.code === 'cannot-convert') return model;
    throw error;
  }
}
