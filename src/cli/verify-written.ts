import { rm } from 'node:fs/promises';
import { usageError } from '../errors.js';
import { readFrom } from '../formats/known-formats.js';
import { listOutputNames, type OutputPlace } from '../formats/output-place.js';
import type { Model } from '../model/model.js';
import type { RetrofitOptions } from '../plan/options.js';
import { isVerified, type Verified } from '../report/verify-report.js';
import { loadModel } from '../runtime/load-model.js';
import { startBackend } from '../runtime/start-backend.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import { differs, type VerifyRequest, type VerifyWatch, verifyBoth } from './verify-both.js';

const REQUEST: VerifyRequest = { backend: 'auto', batch: 32, seed: 1, samples: 4, tolerance: 0 };

const NOBODY: VerifyWatch = { onSkipped: () => {}, onProgress: () => {} };

/**
 * Refuses what could not be verified, before anything is written.
 * @throws RetrofitError `bad-option`, `no-backend`, `cannot-compute`
 */
export async function checkVerifiable(before: Model, { init }: RetrofitOptions): Promise<void> {
  if (init === 'paper') {
    throw usageError('bad-option', '--verify: with --init paper the new model computes something else, as it should', {
      where: { field: 'verify' },
      hint: 'leave one of the two out',
    });
  }
  const { runs } = await loadModel(await startBackend(REQUEST.backend), before);
  runs.dispose();
}

/**
 * Reads what was written and holds it against the model it was made from. Where it differs it is taken away again.
 * @param place undefined in a dry run: then the model in memory is looked at
 */
export async function verifyWritten(before: Model, after: Model, place: OutputPlace | undefined): Promise<Verified> {
  if (place === undefined) return verifyBoth(before, after, REQUEST, NOBODY);
  try {
    const verified = await verifyBoth(before, await readBack(place), REQUEST, NOBODY);
    if (!isVerified(verified)) await takeAway(place);
    return verified;
  } catch (error) {
    await takeAway(place);
    throw error;
  }
}

const readBack = ({ path, folder, weightsName }: OutputPlace): Promise<Model> =>
  readFrom(nodeStorage, path, weightsName === undefined ? {} : { weights: nodeStorage.join(folder, weightsName) });

export { differs };

/** A TensorFlow.js model has a folder to itself. */
async function takeAway(place: OutputPlace): Promise<void> {
  if (place.format.container === 'tfjs') return rm(place.folder, { recursive: true, force: true });
  for (const name of listOutputNames(place)) await rm(nodeStorage.join(place.folder, name), { force: true });
}
