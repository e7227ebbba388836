import { GRAPH_FILE, LAYERS_FILE } from '../../containers.js';
import { inFile } from '../../errors.js';
import type { Model, Warning } from '../../model/model.js';
import type { FindOptions, FoundFile, Storage } from '../../storage/storage.js';
import { standInAt } from '../find/foreign-files.js';
import { VARIABLES_FOLDER, VARIABLES_PREFIX } from '../saved-model/file-names.js';
import { type GraphFile, readGraphFile } from '../saved-model/graph-file.js';
import { parseMetadata, readMetadataFile } from '../saved-model/keras-metadata.js';
import { openCheckpoint } from '../saved-model/open-checkpoint.js';
import { refuseWithoutLayers, withoutVariables } from '../saved-model/refuse-saved-model.js';
import { makeModel } from './make-model.js';

/**
 * Reads a Keras model in a SavedModel folder of TensorFlow 2. Its operations are not read: the layers are described
 * beside them, and the variables are a checkpoint.
 * Source: `load` in tf_keras/src/saving/legacy/saved_model/load.py.
 */
export async function readSavedModel(storage: Storage, folder: string, options: FindOptions): Promise<Model> {
  try {
    const find = (name: string) => findFile(storage, folder, name, options);
    const graphFile = await find(GRAPH_FILE);
    const written: GraphFile =
      graphFile === undefined ? { tensorflow: undefined, root: undefined } : await readGraphFile(storage, graphFile);
    const layersFile = await find(LAYERS_FILE);
    const text = layersFile === undefined ? written.root?.metadata : await readMetadataFile(storage, layersFile);
    if (text === undefined || text === '') return await refuseWithoutLayers(storage, folder, written);
    const { topology, trainingConfig, kerasVersion } = parseMetadata(text);
    if ((await storage.kindOf(storage.join(folder, VARIABLES_FOLDER))) === undefined) throw withoutVariables(folder);
    const place = { folder, prefix: `${VARIABLES_FOLDER}/${VARIABLES_PREFIX}` };
    const weights = await openCheckpoint(storage, place, options);
    const files = [graphFile, layersFile].filter((file) => file !== undefined);
    const model = await makeModel(storage, {
      path: files[0]!.path,
      container: 'saved-model',
      topology,
      field: 'model_config',
      trainingConfig,
      kerasVersion,
      weightsFile: { file: weights.index },
      weights,
      archive: undefined,
      record: undefined,
      files: [...files, ...weights.files],
    });
    const warnings = written.root === undefined ? [...model.warnings, withoutGraph(graphFile)] : model.warnings;
    return { ...model, warnings, tensorflowVersion: written.tensorflow };
  } catch (error) {
    throw inFile(error, folder);
  }
}

/** Warns that the file is missing which TensorFlow needs and nothing here does. */
const withoutGraph = (file: FoundFile | undefined): Warning => ({
  code: 'graph-file-missing',
  message: `the folder was not copied whole, and TensorFlow does not load it: this file is ${file === undefined ? 'missing' : 'empty or cut off'}; the layers and their weights are all there, and are read`,
  where: GRAPH_FILE,
});

/** Finds a file of the folder; undefined where there is none. */
async function findFile(
  storage: Storage,
  folder: string,
  name: string,
  options: FindOptions,
): Promise<FoundFile | undefined> {
  if ((await storage.kindOf(storage.join(folder, name))) === undefined) return undefined;
  const file = await storage.findInside(folder, name, options);
  const standIn = await standInAt(storage, file);
  if (standIn !== undefined) throw standIn;
  return file;
}
