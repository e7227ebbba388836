import { GRAPH_FILE, LAYERS_FILE } from '../../containers.js';
import { inputError, RetrofitError } from '../../errors.js';
import type { Storage } from '../../storage/storage.js';
import { DATA_ENDING, INDEX_ENDING, LATEST_FILE, VARIABLES_FOLDER } from './file-names.js';
import type { CheckpointPlace } from './tensor-bundle.js';

/**
 * Refuses a checkpoint where a model should be, by any of its names.
 * @throws RetrofitError `checkpoint`
 */
export async function refuseCheckpoint(storage: Storage, path: string): Promise<void> {
  // What reads checkpoints is not loaded for files of other names.
  const name = storage.nameOf(path);
  const mayBePart = name === LATEST_FILE || name.endsWith(INDEX_ENDING) || DATA_ENDING.test(name);
  if (!mayBePart && (await storage.kindOf(path)) === 'file') return;
  const { findCheckpoint } = await import('./find-checkpoint.js');
  // One that is there in part is one too.
  const place = await findCheckpoint(storage, path, { allowLinks: true }).catch(() => 'damaged' as const);
  if (place === undefined) return;
  const model = await modelAround(storage, path);
  if (model === undefined && place !== 'damaged') await refuseUnusable(storage, place);
  if (model === undefined)
    throw inputError('checkpoint', 'this is a TensorFlow checkpoint: the weights of a model alone', {
      where: { file: path },
      hint: 'give the architecture and the checkpoint: se-retrofit model.json -w PREFIX (in Keras: open("model.json", "w").write(model.to_json()))',
    });
  throw inputError('checkpoint', 'these are the variables of a SavedModel, not the model', {
    where: { file: path },
    hint: `give the folder that holds them: ${model}`,
  });
}

/** A checkpoint of TensorFlow 1 is none of weights to be given with an architecture. */
async function refuseUnusable(storage: Storage, place: CheckpointPlace): Promise<void> {
  const { refuseOfTensorflow1 } = await import('./open-checkpoint.js');
  await refuseOfTensorflow1(storage, place).catch((error: unknown) => {
    if (error instanceof RetrofitError && error.code === 'tensorflow-1') throw error;
  });
}

/** The folder of the SavedModel whose variables, or a file of them, are at a path. */
async function modelAround(storage: Storage, path: string): Promise<string | undefined> {
  const whole = storage.absolute(path);
  // The folder, or what is in it, whose names begin as that of the folder.
  for (const variables of [whole, storage.folderOf(whole)]) {
    const model = storage.nameOf(variables) === VARIABLES_FOLDER ? storage.folderOf(variables) : undefined;
    for (const name of model === undefined ? [] : [GRAPH_FILE, LAYERS_FILE])
      if ((await storage.kindOf(storage.join(model!, name))) !== undefined) return model;
  }
  return undefined;
}
