import { RetrofitError, usageError, withHint } from '../errors.js';
import type { Model } from '../model/model.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import type { PendingOutput } from '../storage/storage.js';
import { badPlace, checkClaim } from './claim-place.js';
import { hasOtherEnding } from './report-file.js';

/**
 * Starts the file of a table that is written beside a report.
 * @param folder where the report goes, which holds nothing else
 * @throws RetrofitError `bad-option`, `output-is-input`, `output-exists`, `cannot-write`
 */
export async function stageCsv(path: string, model: Model, folder: string, force: boolean): Promise<PendingOutput> {
  const name = nodeStorage.nameOf(path);
  const claim = { path, flag: 'csv', would: 'the table would' };
  if (/^\.*$/.test(name)) throw badPlace(claim, `--csv "${path}" is no name of a file`);
  await checkClaim(claim, model, { name: 'report', folder, files: [] });
  if (hasOtherEnding(name, /\.(csv|txt)$/i))
    throw badPlace(claim, 'the table is CSV, and the name says something else');
  if (!force && (await nodeStorage.kindOf(path)) === 'file')
    throw usageError('output-exists', 'the table exists already', {
      where: { file: path },
      hint: 'give another name with --csv, or --force to replace it',
    });
  return nodeStorage.beginFiles(nodeStorage.folderOf(path), [name], force).catch((error: unknown) => {
    throw error instanceof RetrofitError ? withHint(error, (hint) => hint.replace(' -o', ' --csv')) : error;
  });
}
