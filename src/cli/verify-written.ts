import { usageError } from '../errors.js';
import { readFrom } from '../formats/known-formats.js';
import type { OutputPlace } from '../formats/output/output-place.js';
import type { PendingModel, WriteResult } from '../formats/output/write-to.js';
import type { Model } from '../model/model.js';
import type { RetrofitOptions } from '../plan/options.js';
import { isVerified, type Verified } from '../report/verify-report.js';
import { loadModel } from '../runtime/load-model.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import { startComputing } from './start-computing.js';
import { differs, type VerifyRequest, type VerifyWatch, verifyBoth } from './verify-both.js';

const REQUEST: VerifyRequest = { backend: 'auto', batch: 32, seed: 1, samples: 4, tolerance: 0 };

const NOBODY: VerifyWatch = { onSkipped: () => {}, onProgress: () => {} };

/**
 * Refuses a request whose result could not be verified, before anything is written.
 * @throws RetrofitError `bad-option`, `no-backend`, `cannot-compute`
 */
export async function checkVerifiable(before: Model, { init }: RetrofitOptions): Promise<void> {
  if (init === 'paper') {
    throw usageError('bad-option', '--verify: with --init paper the new model computes something else, as it should', {
      where: { field: 'verify' },
      hint: 'leave one of the two out',
    });
  }
  const { runs } = await loadModel(await startComputing(REQUEST.backend), before);
  runs.dispose();
}

/** Result of verifying a model before it appears. */
export interface VerifiedWriting {
  readonly verified: Verified;
  /** Null where it differs: then nothing appeared, and an older output stays. */
  readonly written: WriteResult | null;
}

/** Reads a hidden output and compares it with the model it was made from; it appears only if they agree. */
export async function verifyWritten(
  before: Model,
  { result, pending }: PendingModel,
  place: OutputPlace,
): Promise<VerifiedWriting> {
  try {
    const verified = await verifyBoth(before, await readBack(pending.folder, place), REQUEST, NOBODY);
    if (isVerified(verified)) await pending.commit();
    else await pending.discard();
    return { verified, written: isVerified(verified) ? result : null };
  } catch (error) {
    await pending.discard();
    throw error;
  }
}

/** The same for a model that stays in memory. */
export const verifyUnwritten = async (before: Model, after: Model): Promise<VerifiedWriting> => ({
  verified: await verifyBoth(before, after, REQUEST, NOBODY),
  written: null,
});

async function readBack(folder: string, { path, modelName, weightsName }: OutputPlace): Promise<Model> {
  const weights = weightsName === undefined ? {} : { weights: nodeStorage.join(folder, weightsName) };
  const read = await readFrom(nodeStorage, nodeStorage.join(folder, modelName), weights);
  // Messages about it name the path of the output.
  return { ...read, path };
}

export { differs };
