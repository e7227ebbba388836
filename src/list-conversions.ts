import { findStop } from './find-stop.js';
import { TFJS } from './formats/computable.js';
import { convertModel } from './formats/convert-model.js';
import { findUntrusted } from './formats/find-untrusted.js';
import type { LoaderVerdict } from './formats/loaders.js';
import type { Loader } from './layers/layer-facts.js';
import type { Format, Model } from './model/model.js';

const FORMATS: Readonly<Record<Loader, Format>> = {
  tfjs: TFJS,
  keras2: { container: 'keras-zip', dialect: 'keras2', weightLayout: 'weights-hdf5' },
  keras3: { container: 'keras-zip', dialect: 'keras3', weightLayout: 'weights-hdf5' },
};

/**
 * Lists for loaders that do not take a model as it is, TensorFlow.js with all of Keras' files, whether they take it converted,
 * and what stops that.
 */
export const listConversions = (model: Model, loads: readonly LoaderVerdict[]): readonly LoaderVerdict[] =>
  loads
    .filter(({ loader, ok }) => !ok || (loader === 'tfjs' && model.format.container !== 'tfjs'))
    .map((verdict) => {
      const { container, dialect } = FORMATS[verdict.loader];
      // It is in that format already.
      if (model.format.container === container && model.format.dialect === dialect) return verdict;
      const blockedBy = findConversionStop(model, verdict.loader) ?? null;
      return { loader: verdict.loader, ok: blockedBy === null, blockedBy };
    });

function findConversionStop(model: Model, loader: Loader) {
  const format = FORMATS[loader];
  const stop = findStop(model, () => convertModel(model, format));
  return stop ?? findUntrusted(convertModel(model, format).graph, loader, format.container);
}
