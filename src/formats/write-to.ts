import type { Format, Model } from '../model/model.js';
import type { Storage } from '../storage/storage.js';
import { checkOutput, type OutputPlace } from './output-place.js';
import { type OnProgress, writeTfjs } from './tfjs/write-tfjs.js';

/** What was written. */
export interface WriteResult {
  readonly path: string;
  readonly format: Format;
  /** Names of the files, relative to the folder of the model. */
  readonly files: readonly string[];
  readonly bytes: number;
}

export interface WriteOptions {
  /** Replace an existing output. */
  readonly force?: boolean;
  readonly onProgress?: OnProgress;
}

/**
 * Writes a model to its place: whole, or not at all.
 * @throws RetrofitError `output-exists`, `output-is-input`, `cannot-write`, `input-changed`
 */
export async function writeTo(
  storage: Storage,
  model: Model,
  place: OutputPlace,
  options: WriteOptions,
): Promise<WriteResult> {
  const force = options.force ?? false;
  await checkOutput(storage, model, place, force);
  const staged = await storage.stageFolder(place.folder, force);
  try {
    const { files } = await writeTfjs(model, staged, place.modelName, options.onProgress ?? (() => {}));
    await staged.commit();
    return {
      path: place.path,
      format: model.format,
      files: files.map((file) => file.name),
      bytes: files.reduce((sum, file) => sum + file.byteLength, 0),
    };
  } catch (error) {
    await staged.discard();
    throw error;
  }
}
