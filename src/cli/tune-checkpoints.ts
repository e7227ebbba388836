import { usageError } from '../errors.js';
import type { OutputPlace } from '../formats/output-place.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import { type Checkpoint, findCheckpoint } from '../tune/checkpoint.js';
import { checkFingerprint, type Fingerprint } from '../tune/fingerprint.js';
import type { TuneFlags } from './tune-flags.js';

/**
 * Refuses a place for checkpoints where they would harm something, before anything is computed.
 * @throws RetrofitError `bad-option`, `checkpoint-exists`, `bad-checkpoint`
 */
export async function checkCheckpoints(
  { checkpoints, resume, force }: TuneFlags,
  { format, folder }: OutputPlace,
): Promise<void> {
  if (checkpoints === undefined) {
    if (!resume) return;
    throw usageError('bad-option', '--resume: there is nothing to go on from without --checkpoints', {
      where: { field: 'resume' },
      hint: 'give the folder that the earlier run was given with --checkpoints',
    });
  }
  const where = { file: checkpoints, field: 'checkpoints' };
  const [inside, output] = [await nodeStorage.canonical(checkpoints), await nodeStorage.canonical(folder)];
  if (format.container === 'tfjs' && (inside === output || inside.startsWith(`${output}/`))) {
    const message = 'the checkpoints would lie in the folder of the new model, which holds nothing else';
    throw usageError('bad-option', message, { where, hint: 'give another folder with --checkpoints' });
  }
  if (resume || force || (await findCheckpoint(nodeStorage, checkpoints)) === undefined) return;
  throw usageError('checkpoint-exists', 'an earlier run left a checkpoint here', {
    where,
    hint: 'go on from it with --resume, start anew with --force, or give another folder',
  });
}

/** Where an earlier run stopped, if this one goes on from there. */
export async function findStart(
  { checkpoints, resume }: TuneFlags,
  given: Fingerprint | undefined,
): Promise<Checkpoint | undefined> {
  if (checkpoints === undefined || given === undefined || !resume) return undefined;
  const found = await findCheckpoint(nodeStorage, checkpoints);
  if (found !== undefined) checkFingerprint(given, found, checkpoints);
  return found;
}
