import { readdir } from 'node:fs/promises';
import { usageError } from '../errors.js';
import type { OutputPlace } from '../formats/output/output-place.js';
import type { Model } from '../model/model.js';
import { printablePath } from '../report/printable.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import { CHECKPOINT_NAME, type Checkpoint, checkCheckpointPlace, findCheckpoint } from '../tune/checkpoint.js';
import { checkFingerprint, type Fingerprint } from '../tune/fingerprint.js';
import { checkClaim, resultAt } from './claim-place.js';
import type { TuneFlags } from './tune-flags.js';

/**
 * Refuses a place for checkpoints where they would harm something or cannot be written, before anything is computed.
 * @throws RetrofitError `bad-option`, `checkpoint-exists`, `bad-checkpoint`, `output-exists`, `cannot-write`
 */
export async function checkCheckpoints(
  { checkpoints, resume, force }: TuneFlags,
  model: Model,
  place: OutputPlace,
): Promise<void> {
  if (checkpoints === undefined) {
    if (!resume) return;
    throw usageError('bad-option', '--resume: there is nothing to go on from without --checkpoints', {
      where: { field: 'resume' },
      hint: 'give the folder that the earlier run was given with --checkpoints',
    });
  }
  const where = { file: checkpoints, field: 'checkpoints' };
  if ((await nodeStorage.kindOf(checkpoints)) === 'file')
    throw usageError('output-exists', 'a file stands where the folder for checkpoints would be', {
      where,
      hint: 'give the name of a folder with --checkpoints',
    });
  const claim = { path: checkpoints, flag: 'checkpoints', would: 'the checkpoints would' };
  await checkClaim(claim, model, resultAt(place));
  const foreign = await findForeignName(checkpoints);
  if (foreign !== undefined) {
    throw usageError('output-exists', `the folder for checkpoints holds "${foreign}", which is none`, {
      where,
      hint: 'checkpoints get a folder of their own: give another one with --checkpoints',
    });
  }
  await checkCheckpointPlace(nodeStorage, checkpoints);
  if (resume || force || (await findCheckpoint(nodeStorage, checkpoints)) === undefined) return;
  throw usageError('checkpoint-exists', 'an earlier run left a checkpoint here', {
    where,
    hint: 'go on from it with --resume, start anew with --force, or give another folder',
  });
}

/** Finds a file in the folder that tune did not write; hidden files (.gitignore, remains of a killed run) may stay. */
async function findForeignName(folder: string): Promise<string | undefined> {
  if ((await nodeStorage.kindOf(folder)) !== 'folder') return undefined;
  return (await readdir(folder)).find((name) => name !== CHECKPOINT_NAME && !name.startsWith('.'));
}

/** The checkpoint that a run goes on from, if any, and warnings about it. */
export interface Start {
  readonly from?: Checkpoint;
  readonly warnings: readonly string[];
}

/** @throws RetrofitError `other-checkpoint` */
export async function findStart(
  { checkpoints, resume, force }: TuneFlags,
  given: Fingerprint | undefined,
): Promise<Start> {
  if (checkpoints === undefined || given === undefined || !resume) return { warnings: [] };
  const from = await findCheckpoint(nodeStorage, checkpoints);
  if (from === undefined) {
    return { warnings: [`${printablePath(checkpoints)} holds no checkpoint to go on from: the training starts anew`] };
  }
  const changed = checkFingerprint(given, from, checkpoints, force ?? false);
  return { from, warnings: changed.map((what) => `${what}: the result is not that of one run`) };
}

/** Describes in a line the checkpoint that an interrupted run leaves. */
export const partingLine = (done: number, epochs: number): string =>
  done === 0
    ? 'interrupted before the first epoch was done: there is no checkpoint to go on from'
    : `interrupted; the checkpoint of epoch ${done} of ${epochs} stays: the same command with --resume goes on from it`;
