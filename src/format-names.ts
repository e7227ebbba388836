/** What a model can be kept in; what `--to` takes. */
export const CONTAINERS = ['tfjs', 'keras-h5', 'keras-json', 'keras-zip'] as const;

/** Whose words it can be in; what `--dialect` takes. */
export const DIALECTS = ['keras2', 'keras3'] as const;
