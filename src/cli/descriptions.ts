/** Descriptions of arguments and flags that several commands share. */
export const MODEL =
  'model.json or its folder (TensorFlow.js), .keras, .h5, a SavedModel folder, or an architecture JSON with its weights (Keras)';
export const DENY_CODE = 'refuse models with layers that run code or read files when they are loaded';
