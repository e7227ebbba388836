import { type ErrorPlace, inputError } from '../../errors.js';
import type { FindOptions, FoundFile, Storage } from '../../storage/storage.js';

/**
 * Finds a file of weights that another file names.
 * @param missing message where it is missing; `named` is its description in a sentence
 * @throws RetrofitError `weights-missing`, and for files that `Storage.findInside` refuses
 */
export const findWeightsPart = (
  storage: Storage,
  folder: string,
  name: string,
  options: FindOptions,
  { named, where, hint }: { readonly named: string; readonly where: ErrorPlace; readonly hint: string },
): Promise<FoundFile> =>
  storage.findInside(folder, name, options).catch((error) => {
    if (error?.code !== 'not-found') throw error;
    throw inputError('weights-missing', `the ${named} is missing`, { where, hint });
  });
