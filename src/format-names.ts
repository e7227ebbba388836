/** What a model can be written in; what `--to` takes. */
export const WRITTEN_CONTAINERS = ['tfjs', 'keras-h5', 'keras-json', 'keras-zip'] as const;

/** What a model can be kept in. */
export const CONTAINERS = [...WRITTEN_CONTAINERS, 'saved-model'] as const;

/** How its weights can be kept. */
export const WEIGHT_LAYOUTS = ['tfjs-manifest', 'legacy-hdf5', 'weights-hdf5', 'checkpoint'] as const;

/** Whose words it can be in; what `--dialect` takes. */
export const DIALECTS = ['keras2', 'keras3'] as const;

/** Who loads models. */
export const LOADERS = ['tfjs', 'keras2', 'keras3'] as const;

/** What people call them. */
export const LOADER_NAMES: Readonly<Record<(typeof LOADERS)[number], string>> = {
  tfjs: 'TensorFlow.js',
  keras2: 'Keras 2',
  keras3: 'Keras 3',
};
