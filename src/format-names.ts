/** Layouts of a model's weights. */
export const WEIGHT_LAYOUTS = ['tfjs-manifest', 'legacy-hdf5', 'weights-hdf5', 'checkpoint'] as const;

/** Dialects that a model's JSON can be in; values of `--dialect`. */
export const DIALECTS = ['keras2', 'keras3'] as const;

/** Libraries that load models. */
export const LOADERS = ['tfjs', 'keras2', 'keras3'] as const;

/** Names of the loaders in messages. */
export const LOADER_NAMES: Readonly<Record<(typeof LOADERS)[number], string>> = {
  tfjs: 'TensorFlow.js',
  keras2: 'Keras 2',
  keras3: 'Keras 3',
};
