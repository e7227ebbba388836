import { inFile, inputError } from '../../errors.js';
import type { Model } from '../../model/model.js';
import type { Storage } from '../../storage/storage.js';
import type { FileContent } from '../find/file-content.js';
import { makeModel } from './make-model.js';
import { holdsWeights, parseText } from './read-weights.js';

/**
 * Reads a whole model in one legacy `.h5`: the architecture is an attribute.
 * Source: `load_model_from_hdf5` in keras/src/legacy/saving/legacy_h5_format.py.
 */
export async function readKerasH5(storage: Storage, { file }: FileContent): Promise<Model> {
  try {
    const { topology, trainingConfig, kerasVersion, isOfKeras } = await storage.withHdf5(file, async (opened) => ({
      topology: parseText(opened, 'model_config'),
      isOfKeras: opened.listAttributes('/').includes('model_config') || holdsWeights(opened),
      trainingConfig: parseText(opened, 'training_config'),
      kerasVersion: opened.textKind('/', 'keras_version') && opened.readText('/', 'keras_version'),
    }));
    if (topology === undefined && !isOfKeras) {
      throw inputError('not-a-model', 'this is an HDF5 file of data: neither a model of Keras nor its weights', {
        hint: 'give a file that Keras saved: model.save("model.h5")',
      });
    }
    if (topology === undefined) {
      throw inputError('no-architecture', 'these are the weights of a Keras model without its architecture', {
        where: { field: 'model_config' },
        hint: 'give the architecture and the weights: se-retrofit model.json -w weights.h5 (in Keras: open("model.json", "w").write(model.to_json()))',
      });
    }
    return await makeModel(storage, {
      path: file.path,
      container: 'keras-h5',
      topology,
      field: 'model_config',
      trainingConfig,
      kerasVersion,
      weightsFile: { file },
      archive: undefined,
      record: undefined,
      files: [file],
    });
  } catch (error) {
    throw inFile(error, file.path);
  }
}
