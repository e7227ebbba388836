import type { OutputPlace } from '../formats/output-place.js';
import { beginModel, type PendingModel, type WriteOptions, type WriteResult } from '../formats/write-to.js';
import type { Model } from '../model/model.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import type { Flags } from './flags.js';
import { progressBar } from './progress.js';

/** Writes a model to its place, with a bar on a terminal. */
export async function writeModel(...given: Parameters<typeof prepareModel>): Promise<WriteResult> {
  const { result, pending } = await prepareModel(...given);
  await pending.commit();
  return result;
}

/** Writes a model to a hidden place, with a bar on a terminal. */
export async function prepareModel(
  model: Model,
  place: OutputPlace,
  { quiet, json, force }: Pick<Flags, 'quiet' | 'json' | 'force'>,
  options: Omit<WriteOptions, 'force' | 'onProgress'> = {},
): Promise<PendingModel> {
  const bar = progressBar('writing', quiet === true || json === true);
  try {
    return await beginModel(nodeStorage, model, place, { ...options, force: force ?? false, onProgress: bar.update });
  } finally {
    bar.stop();
  }
}
