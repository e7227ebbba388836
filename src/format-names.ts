/** What a model can be written in; what `--to` takes. */
export const WRITTEN_CONTAINERS = ['tfjs', 'keras-h5', 'keras-json', 'keras-zip'] as const;

/** What a model can be kept in. */
export const CONTAINERS = [...WRITTEN_CONTAINERS, 'saved-model'] as const;

/** How its weights can be kept. */
export const WEIGHT_LAYOUTS = ['tfjs-manifest', 'legacy-hdf5', 'weights-hdf5', 'checkpoint'] as const;

/** Whose words it can be in; what `--dialect` takes. */
export const DIALECTS = ['keras2', 'keras3'] as const;
