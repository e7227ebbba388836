export const WEIGHTS_MEMBER = 'model.weights.h5';
/** Data of layers besides weights: vocabularies. */
export const ASSETS_MEMBER = 'assets';
