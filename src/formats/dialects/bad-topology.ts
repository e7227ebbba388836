import { inputError } from '../../errors.js';

/** For JSON that is not the architecture of a model. */
export function badTopology(message: string, field: string) {
  return inputError('bad-topology', message, {
    where: { field },
    hint: 'give the model as TensorFlow.js or Keras saved it',
  });
}
