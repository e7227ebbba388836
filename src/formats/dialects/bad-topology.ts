import { inputError } from '../../errors.js';
import { isKnownLayer } from '../../layers/known-layers.js';

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

/** Makes the error for a call of a TensorFlow function that reads nothing. @param name of the function */
export function withoutTensors(name: string, layer: string, field: string) {
  const message = `the file does not say which tensors it reads: Keras 2 forgets those that ${name} takes one behind the other`;
  return inputError('bad-graph', message, {
    where: { layer, field },
    hint: 'the model loads nowhere: build it with a layer in this place (EinsumDense, Dot) or tf.matmul, and save that',
  });
}

/** Makes the error for a model whose graph is in its Python code alone. @param field of its class */
export function subclassedModel(className: string, field: string) {
  const message = `the model is of the class "${className}", not a functional or sequential one`;
  return inputError('subclassed-model', message, {
    where: { field },
    hint: 'a subclassed model keeps its graph in Python code: rebuild it with keras.Model(inputs, outputs) and save that',
  });
}

/** A class of people's own may say what it likes in its config; in a Sequential model a layer's name comes from there alone. */
export function withoutName(className: string, field: string) {
  if (isKnownLayer(className)) return badTopology('a layer without a name', field);
  const message = `a layer or model of the class "${className}" has no name, and the file does not say what its call does`;
  return inputError('subclassed-model', message, {
    where: { field: `${field}.config.name` },
    hint: 'if it is a model, rebuild it with keras.Model(inputs, outputs); if it is a layer, let its get_config say what super().get_config() does',
  });
}
