import { createHash } from 'node:crypto';
import { usageError } from '../errors.js';
import { flagOf } from '../flag-of.js';
import type { ImageFile } from '../images/read-image-folder.js';
import { CHUNK_BYTES } from '../limits.js';
import type { Model } from '../model/model.js';
import type { Storage } from '../storage/storage.js';
import type { Checkpoint } from './checkpoint.js';
import type { LabelledImages } from './labelled-images.js';
import type { TuneOptions } from './tune-options.js';

/** Inputs of a run, field by field: a run with any other inputs has another result. */
export type Fingerprint = Checkpoint['given'];

/** Fields that may be changed when a run goes on: they decide when the training ends, and change no epoch. */
const FREE: readonly string[] = ['patience'];

/** Fields that may be changed by force: after a loss that was no number, the learning rate has to be. */
const FORCEABLE: readonly string[] = ['learningRate'];

const SENTENCES: Readonly<Record<string, string>> = {
  model: 'the model is another one',
  images: 'the images of the training are others',
  validation: 'the images of the validation are others',
  classes: 'the classes are others',
  head: 'only one of the two runs has a new head',
};

/** @param ratio of the modules that the run puts in first, if any */
export async function fingerprintOf(
  storage: Storage,
  model: Model,
  { classes, training, validation }: LabelledImages,
  { head, train, imageSize, ...options }: TuneOptions,
  ratio: number | undefined,
): Promise<Fingerprint> {
  return {
    ...options,
    train: train.join(','),
    // Checkpoints that were made when every head was kept say nothing of it.
    ...(head === 'new' ? { head, classes: JSON.stringify(classes) } : {}),
    ...(ratio === undefined ? {} : { ratio }),
    ...(imageSize === undefined ? {} : { imageSize }),
    patience: options.patience ?? null,
    model: await digestModel(storage, model),
    images: await digestImages(storage, training),
    validation: await digestImages(storage, validation),
  };
}

async function digestModel(storage: Storage, { files }: Model): Promise<string> {
  const hash = createHash('sha256');
  for (const { path } of files) {
    const found = await storage.findFile(path);
    const file = await storage.open(found);
    try {
      for (let start = 0; start < found.byteLength; start += CHUNK_BYTES)
        hash.update(await file.read(start, Math.min(CHUNK_BYTES, found.byteLength - start)));
    } finally {
      await file.close();
    }
  }
  return hash.digest('hex');
}

/** Names within the folder of the class, classes and sizes: the folder as a whole may have moved. */
async function digestImages(storage: Storage, images: readonly ImageFile[]): Promise<string> {
  const hash = createHash('sha256');
  for (const { path, label } of images) {
    const { byteLength } = await storage.findFile(path);
    hash.update(JSON.stringify([storage.nameOf(path), label, byteLength]));
  }
  return hash.digest('hex');
}

/**
 * Refuses to go on with the checkpoint of another run.
 * @param force whether the learning rate may be another one
 * @returns the fields that differ then, a sentence each
 * @throws RetrofitError `other-checkpoint`, with the field that differs
 */
export function checkFingerprint(
  own: Fingerprint,
  { given }: Checkpoint,
  folder: string,
  force: boolean,
): readonly string[] {
  const names = [...new Set([...Object.keys(own), ...Object.keys(given)])];
  const differing = names.filter((name) => own[name] !== given[name] && !FREE.includes(name));
  const whatOf = (field: string) =>
    SENTENCES[field] ?? `${flagOf(field)} was ${given[field] ?? 'not given'} and is ${own[field] ?? 'not given'} now`;
  // What no --force helps with comes first; another learning rate may only follow from it.
  const field = differing.find((name) => !FORCEABLE.includes(name)) ?? (force ? undefined : differing[0]);
  if (field === undefined) return differing.map(whatOf);
  throw usageError('other-checkpoint', `the checkpoint is of another run: ${whatOf(field)}`, {
    where: { file: folder, field },
    hint: FORCEABLE.includes(field)
      ? 'give what the run was given, or --force to go on with the new value all the same'
      : 'give what the run was given, another folder with --checkpoints, or start anew: --force without --resume',
  });
}
