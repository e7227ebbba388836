import { RetrofitError } from './errors.js';
import { TFJS } from './formats/computable.js';
import { convertModel } from './formats/convert-model.js';
import { listModelLoaders } from './formats/loaders.js';
import type { Loader } from './layers/layer-facts.js';
import type { Format, Model } from './model/model.js';

const FORMATS: Readonly<Record<Loader, Format>> = {
  tfjs: TFJS,
  keras2: { container: 'keras-zip', dialect: 'keras2', weightLayout: 'weights-hdf5' },
  keras3: { container: 'keras-zip', dialect: 'keras3', weightLayout: 'weights-hdf5' },
};

/** Lists the loaders for which a model can be converted. */
export const listConversions = (model: Model, loaders: readonly Loader[]): readonly Loader[] =>
  loaders.filter((loader) => {
    try {
      const converted = convertModel(model, FORMATS[loader]);
      // Of a model that is of the loader's dialect already, only the container changes.
      return listModelLoaders(converted).some((verdict) => verdict.loader === loader && verdict.ok);
    } catch (error) {
      if (error instanceof RetrofitError && error.kind === 'input') return false;
      throw error;
    }
  });
