import { inFile, inputError } from '../../errors.js';
import { getMember, stringOf } from '../../json/json-value.js';
import type { Model } from '../../model/model.js';
import type { FoundFile, Storage } from '../../storage/storage.js';
import type { FileContent, ReadOptions } from '../find/file-content.js';
import { earlyKeras3 } from './keras-versions.js';
import { makeModel } from './make-model.js';
import { listFiles, openWeightsFile } from './weights-file.js';

/** Files of such a name are no checkpoints: the code that finds these is not loaded for them. */
const HDF5_ENDING = /\.(h5|hdf5)$/i;

/** Lists common names of the weights file beside an architecture called `<stem>.json`. */
const weightNames = (stem: string): readonly string[] => [
  `${stem}.weights.h5`,
  `${stem}.h5`,
  `${stem}_weights.h5`,
  `${stem}.weights.json`,
  `${stem}.hdf5`,
  'model.weights.h5',
];

/** Reads an architecture's JSON, and its weights from a file of their own. */
export async function readKerasJson(
  storage: Storage,
  { file, json }: FileContent,
  options: ReadOptions,
): Promise<Model> {
  const checkpoint = await openCheckpointAt(storage, options);
  const weightsFile = checkpoint
    ? { file: checkpoint.index }
    : await openWeightsFile(storage, await findWeights(storage, file, options), options);
  try {
    return await makeModel(storage, {
      path: file.path,
      container: 'keras-json',
      topology: json!,
      field: '',
      trainingConfig: undefined,
      kerasVersion: stringOf(getMember(json!.root, 'keras_version')) ?? earlyKeras3(json!.root),
      weightsFile,
      weights: checkpoint,
      archive: undefined,
      record: undefined,
      files: [file, ...(checkpoint?.files ?? listFiles(weightsFile))],
    });
  } catch (error) {
    throw inFile(error, file.path);
  }
}

/** The checkpoint that the user named as the weights; undefined where they are in another file, or nothing is there. */
async function openCheckpointAt(storage: Storage, options: ReadOptions) {
  const { weights } = options;
  if (weights === undefined) return undefined;
  if (HDF5_ENDING.test(weights) && (await storage.kindOf(weights)) === 'file') return undefined;
  const { findCheckpoint } = await import('../saved-model/find-checkpoint.js');
  const place = await findCheckpoint(storage, weights, { ...options, isWeights: true });
  if (place === undefined) return undefined;
  return (await import('../saved-model/open-checkpoint.js')).openCheckpoint(storage, place, options);
}

async function findWeights(
  storage: Storage,
  file: FoundFile,
  { weights, allowLinks = false }: ReadOptions,
): Promise<FoundFile> {
  if (weights !== undefined) return storage.findFile(weights);
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
