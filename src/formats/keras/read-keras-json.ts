import { inFile, inputError } from '../../errors.js';
import { getMember, stringOf } from '../../json/json-value.js';
import type { Model } from '../../model/model.js';
import type { FoundFile, Storage } from '../../storage/storage.js';
import type { FileContent } from '../file-content.js';
import type { ReadOptions } from '../read-options.js';
import { refuseTensorflowFile } from '../tensorflow-files.js';
import { earlyKeras3 } from './keras-versions.js';
import { makeModel } from './make-model.js';

/** The names under which people keep the weights beside an architecture called `<stem>.json`. */
const weightNames = (stem: string): readonly string[] => [
  `${stem}.weights.h5`,
  `${stem}.h5`,
  `${stem}_weights.h5`,
  `${stem}.hdf5`,
  'model.weights.h5',
];

/** Reads an architecture's JSON, and its weights from a file of their own. */
export async function readKerasJson(
  storage: Storage,
  { file, json }: FileContent,
  options: ReadOptions,
): Promise<Model> {
  const weightsFile = await findWeights(storage, file, options);
  try {
    return await makeModel(storage, {
      path: file.path,
      container: 'keras-json',
      topology: json!,
      field: '',
      trainingConfig: undefined,
      kerasVersion: stringOf(getMember(json!.root, 'keras_version')) ?? earlyKeras3(json!.root),
      weightsFile,
      archive: undefined,
      record: undefined,
      files: [file, weightsFile],
    });
  } catch (error) {
    throw inFile(error, file.path);
  }
}

async function findWeights(
  storage: Storage,
  file: FoundFile,
  { weights, allowLinks = false }: ReadOptions,
): Promise<FoundFile> {
  if (weights !== undefined) {
    await refuseTensorflowFile(storage, weights);
    return storage.findFile(weights);
  }
  const folder = storage.folderOf(file.path);
  const names = weightNames(storage.nameOf(file.path).replace(/\.json$/i, ''));
  for (const name of names) {
    if ((await storage.kindOf(storage.join(folder, name))) === 'file')
      return storage.findInside(folder, name, { allowLinks });
  }
  throw inputError('no-weights', 'this is the architecture of a Keras model, and its weights are not beside it', {
    where: { file: file.path },
    hint: `give them with -w FILE, or put them beside it as ${names[0]}`,
  });
}
