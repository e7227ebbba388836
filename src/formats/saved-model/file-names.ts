export const VARIABLES_FOLDER = 'variables';
export const VARIABLES_PREFIX = 'variables';
export const INDEX_ENDING = '.index';
export const DATA_ENDING = /\.data-\d{5}-of-\d{5}$/;
/** The text beside checkpoints that names the latest one. */
export const LATEST_FILE = 'checkpoint';
/** TensorFlow 1 saves its graph beside a checkpoint. */
export const META_ENDING = /\.meta$/;
