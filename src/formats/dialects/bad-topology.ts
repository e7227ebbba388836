import { inputError } from '../../errors.js';

/** Makes the error for JSON that is not the architecture of a model. */
export function badTopology(message: string, field: string) {
  return inputError('bad-topology', message, {
    where: { field },
    hint: 'give the model as TensorFlow.js or Keras saved it',
  });
}

/** Makes the error for a reference to nothing. `name` is the layer it names, if it names one. */
export function badReference(name: string | undefined, layer: string | undefined, field: string) {
  const what =
    name === undefined
      ? 'not a reference to a tensor'
      : `it refers to "${name}", which is no layer of this model, or not in a proper way`;
  return inputError('bad-graph', what, {
    where: { layer, field },
    hint: 'the model would not load anywhere: save it again from the program that made it',
  });
}
