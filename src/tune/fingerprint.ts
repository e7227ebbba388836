import { createHash } from 'node:crypto';
import { usageError } from '../errors.js';
import type { ImageFile } from '../images/list-images.js';
import { CHUNK_BYTES } from '../limits.js';
import type { Model } from '../model/model.js';
import type { Storage } from '../storage/storage.js';
import type { Checkpoint } from './checkpoint.js';
import type { LabelledImages } from './labelled-images.js';
import type { TuneOptions } from './tune-options.js';

/** What a run was given, field by field: a run that is given anything else comes to another result. */
export type Fingerprint = Checkpoint['given'];

/** What may be changed when a run goes on: after a loss that was no number, the learning rate has to be. */
const CHANGEABLE: readonly string[] = ['learningRate', 'patience'];

const SENTENCES: Readonly<Record<string, string>> = {
  model: 'the model is another one',
  images: 'the images of the training are others',
  validation: 'the images of the validation are others',
};

export async function fingerprintOf(
  storage: Storage,
  model: Model,
  { training, validation }: LabelledImages,
  options: TuneOptions,
): Promise<Fingerprint> {
  return {
    ...options,
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
 * Refuses to go on with what another run left.
 * @throws RetrofitError `other-checkpoint`, with the field that differs
 */
export function checkFingerprint(own: Fingerprint, { given }: Checkpoint, folder: string): void {
  const field = Object.keys(own).find((name) => own[name] !== given[name] && !CHANGEABLE.includes(name));
  if (field === undefined) return;
  const what = SENTENCES[field] ?? `--${field} was ${given[field]} and is ${own[field]} now`;
  throw usageError('other-checkpoint', `the checkpoint is of another run: ${what}`, {
    where: { file: folder, field },
    hint: 'give what the run was given, another folder with --checkpoints, or start anew with --force',
  });
}
