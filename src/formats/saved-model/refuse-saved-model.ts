import { LAYERS_FILE } from '../../containers.js';
import { inputError, type RetrofitError } from '../../errors.js';
import type { Storage } from '../../storage/storage.js';
import { VARIABLES_FOLDER } from './file-names.js';
import type { GraphFile } from './graph-file.js';

/** The file that TensorFlow Hub's modules of TensorFlow 1 have besides. */
const HUB_FILE = 'tfhub_module.pb';

const SAVE_MODEL = 'start from the Keras model that it was made from: model.save("model.keras")';
const GIVE_ARCHITECTURE =
  'give the architecture of the model and the folder as its weights: se-retrofit model.json -w FOLDER (in Keras: open("model.json", "w").write(model.to_json()))';

/** Makes the error for a SavedModel without its weights. */
export const withoutVariables = (folder: string) =>
  inputError('weights-missing', 'the variables of this SavedModel are missing, which are the weights', {
    where: { file: folder, field: VARIABLES_FOLDER },
    hint: 'copy or download the whole folder of the model, with all that is in it',
  });

/**
 * Says what a SavedModel folder is that does not describe the layers of a Keras model, and what can be done.
 * @throws RetrofitError `saved-model`, `tensorflow-1`
 */
export async function refuseWithoutLayers(storage: Storage, folder: string, file: GraphFile): Promise<never> {
  const isHub = (await storage.kindOf(storage.join(folder, HUB_FILE))) === 'file';
  throw whatItIs(file, isHub);
}

function whatItIs({ root, tensorflow }: GraphFile, isHub: boolean): RetrofitError {
  if (isHub || root === undefined)
    return inputError(
      'tensorflow-1',
      isHub
        ? 'this is a module of TensorFlow Hub for TensorFlow 1: it holds operations, not layers'
        : 'this is a SavedModel of TensorFlow 1: it holds operations, not layers',
      { hint: 'build the network in Keras (keras.applications has most of them) and save that' },
    );
  if (root.children.some((name) => name === '_endpoint_names' || name === '_all_variables'))
    return inputError(
      'saved-model',
      'this is what model.export() writes, for serving: it holds operations and variables, not layers',
      { hint: SAVE_MODEL },
    );
  if (root.identifier.startsWith('_tf_keras'))
    return inputError(
      'saved-model',
      `a Keras model is in this SavedModel, but ${LAYERS_FILE}, which describes its layers, is missing: it was not copied, or tf.saved_model.save wrote the folder${by(tensorflow)}, and writes none`,
      { where: { field: LAYERS_FILE }, hint: GIVE_ARCHITECTURE },
    );
  return inputError(
    'saved-model',
    'this is a TensorFlow SavedModel without the layers of a Keras model, as modules of TensorFlow Hub are: it holds operations',
    { hint: SAVE_MODEL },
  );
}

const by = (tensorflow: string | undefined): string =>
  tensorflow === undefined ? '' : ` with TensorFlow ${tensorflow}`;
