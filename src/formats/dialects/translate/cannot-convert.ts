import { inputError, type RetrofitError } from '../../../errors.js';
import type { Loader } from '../../../layers/layer-facts.js';

const LOADER_NAMES: Readonly<Record<Loader, string>> = {
  tfjs: 'TensorFlow.js',
  keras2: 'Keras 2',
  keras3: 'Keras 3',
};

export const loaderName = (loader: Loader): string => LOADER_NAMES[loader];

/** For a part of a model that another loader has no words for: nothing is approximated, nothing left out. */
export const cannotConvert = (layer: string, field: string, message: string, hint: string): RetrofitError =>
  inputError('cannot-convert', message, { where: { layer, field }, hint });
