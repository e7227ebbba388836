import { inputError, type RetrofitError } from '../../../errors.js';

/** For a part of a model that another loader has no words for: nothing is approximated, nothing left out. */
export const cannotConvert = (layer: string, field: string, message: string, hint: string): RetrofitError =>
  inputError('cannot-convert', message, { where: { layer, field }, hint });

/** A Sequential model that nobody called or gave a shape: loaders build it by the shape of its input. */
export const withoutInputShape = (layer: string): RetrofitError =>
  cannotConvert(
    layer,
    'batch_input_shape',
    'the model does not say what shape its input has, and it is built by that',
    'call the model on data once, or build it with an input shape, and save it again',
  );
