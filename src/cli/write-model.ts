import type { OutputPlace } from '../formats/output/output-place.js';
import { beginModel, type PendingModel, type WriteOptions, type WriteResult } from '../formats/output/write-to.js';
import type { Model } from '../model/model.js';
import { printablePath } from '../report/printable.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import type { Flags } from './flags.js';
import { progressBar } from './progress.js';
import { sayWhenInterrupted } from './signals.js';

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
    const begun = await beginModel(nodeStorage, model, place, {
      ...options,
      force: force ?? false,
      onProgress: bar.update,
    });
    return { ...begun, pending: sayingSo(begun) };
  } finally {
    bar.stop();
  }
}

/** Once a model is at its place, an interruption may stop a report, and no longer the model. */
const sayingSo = ({ result, pending }: PendingModel): PendingModel['pending'] => ({
  ...pending,
  async commit() {
    await pending.commit();
    sayWhenInterrupted(`interrupted; ${printablePath(result.path)} is written`);
  },
});
