import { convertModel } from '../formats/convert-model.js';
import { checkOutput } from '../formats/output/check-output.js';
import { type OutputPlace, outputPlace } from '../formats/output/output-place.js';
import { beginOutput } from '../formats/output/write-to.js';
import type { Model } from '../model/model.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import type { Flags } from './flags.js';

/** Returns the place of the output, as the flags say; by default beside the input, under its name and the suffix. */
export async function placeOf(
  path: string,
  model: Model,
  { output, outputDir, to, dialect }: Pick<Flags, 'output' | 'outputDir' | 'to' | 'dialect'>,
  suffix?: string,
): Promise<OutputPlace> {
  const isFolder = (await nodeStorage.kindOf(path)) === 'folder';
  const request = { output, folder: outputDir, to, dialect };
  return outputPlace(nodeStorage, { path, isFolder, format: model.format }, request, suffix);
}

/**
 * Whatever would stop the writing stops it now, not in some hours.
 * @throws RetrofitError `cannot-convert`, `output-exists`, `output-is-input`, `cannot-write`
 */
export async function checkPlace(model: Model, place: OutputPlace, { force = false }: Pick<Flags, 'force'>) {
  convertModel(model, place.format);
  await checkOutput(nodeStorage, model, place, force);
  await (await beginOutput(nodeStorage, place, force)).discard();
}
