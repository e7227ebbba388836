import { inputError, type RetrofitError } from '../../../errors.js';

/** Makes the error for a part of a model that another loader cannot express: nothing is approximated or left out. */
export const cannotConvert = (layer: string, field: string, message: string, hint: string): RetrofitError =>
  inputError('cannot-convert', message, { where: { layer, field }, hint });

/** Makes the error for a Sequential model that was never called and has no input shape: loaders build it by that. */
export const withoutInputShape = (layer: string): RetrofitError =>
  cannotConvert(
    layer,
    'batch_input_shape',
    'the model does not say what shape its input has, and it is built by that',
    'call the model on data once, or build it with an input shape, and save it again',
  );
