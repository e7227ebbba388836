/** Descriptions of arguments and flags that several commands share. */
export const MODEL =
  'model.json or its folder (TensorFlow.js), .keras, .h5, a SavedModel folder, or an architecture JSON with its weights (Keras)';
export const DENY_CODE = 'refuse models with layers that run code or read files when they are loaded';
export const WEIGHTS =
  'the weights, for the architecture JSON of a Keras model: .h5, the .weights.json of shards, or a checkpoint';

/** The description of a flag as that of a key of the config file. */
export const capitalised = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
