import { inputError, type RetrofitError } from '../../../errors.js';

/** For a part of a model that another loader has no words for: nothing is approximated, nothing left out. */
export const cannotConvert = (layer: string, field: string, message: string, hint: string): RetrofitError =>
  inputError('cannot-convert', message, { where: { layer, field }, hint });
