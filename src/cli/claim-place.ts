import { isFolder } from '../containers.js';
import { usageError } from '../errors.js';
import { isInSealedFolder } from '../formats/output/check-output.js';
import { listOutputNames, type OutputPlace } from '../formats/output/output-place.js';
import type { Model } from '../model/model.js';
import { isWithin } from '../storage/is-within.js';
import { nodeStorage } from '../storage/node/node-storage.js';

/** A file or folder besides the result of a run, at a place that a flag names. */
export interface Claim {
  readonly path: string;
  readonly flag: string;
  /** Its name in messages, with a verb: "the table would". */
  readonly would: string;
}

/** The result of a run: a folder that holds nothing else, or files. */
export interface Result {
  readonly name: 'new model' | 'report';
  readonly folder?: string;
  readonly files: readonly string[];
}

/** Returns what a new model takes up. */
export const resultAt = (place: OutputPlace): Result =>
  isFolder(place.format.container)
    ? { name: 'new model', folder: place.folder, files: [] }
    : { name: 'new model', files: listOutputNames(place).map((name) => nodeStorage.join(place.folder, name)) };

/**
 * Refuses a place where something else is or will be: a file of the model, under any name, or the result.
 * @param result undefined where there is none
 * @throws RetrofitError `output-is-input`, `bad-option`
 */
export async function checkClaim(claim: Claim, model: Model, result: Result | undefined): Promise<void> {
  const { path, would } = claim;
  const identity =
    (await nodeStorage.kindOf(path)) === 'file' ? (await nodeStorage.findFile(path)).identity : undefined;
  if (model.files.some((file) => file.identity === identity))
    throw usageError('output-is-input', `${would} overwrite a file of the model`, {
      where: { file: path },
      hint: `give another name with --${claim.flag}`,
    });
  if (await isInSealedFolder(nodeStorage, path, model))
    throw usageError('output-is-input', `${would} lie in the folder of the model, which is never changed`, {
      where: { file: path },
      hint: `give a place outside of it with --${claim.flag}`,
    });
  if (result === undefined) return;
  const place = await nodeStorage.canonical(path);
  const { name, folder, files } = result;
  if (folder !== undefined && isWithin(place, await nodeStorage.canonical(folder)))
    throw badPlace(claim, `${would} lie in the folder of the ${name}, which holds nothing else`);
  for (const file of files)
    if (place === (await nodeStorage.canonical(file))) throw badPlace(claim, `${would} stand where the ${name} goes`);
}

export const badPlace = ({ path, flag }: Claim, message: string) =>
  usageError('bad-option', message, { where: { file: path, field: flag }, hint: `give another name with --${flag}` });
