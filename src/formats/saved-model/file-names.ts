/** The program of a SavedModel: its operations, and the objects that they belong to. */
export const GRAPH_FILE = 'saved_model.pb';
/** The layers of a Keras model, since TensorFlow 2.5; before that they stand in the graph's file. */
export const LAYERS_FILE = 'keras_metadata.pb';
export const VARIABLES_FOLDER = 'variables';
export const VARIABLES_PREFIX = 'variables';
export const INDEX_ENDING = '.index';
export const DATA_ENDING = /\.data-\d{5}-of-\d{5}$/;
/** The text beside checkpoints that names the latest one. */
export const LATEST_FILE = 'checkpoint';
/** TensorFlow 1 saves its graph beside a checkpoint. */
export const META_ENDING = /\.meta$/;
