import { RetrofitError, usageError, withHint } from '../errors.js';
import type { Model } from '../model/model.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import type { PendingOutput } from '../storage/storage.js';
import { hasOtherEnding } from './report-file.js';

/**
 * Starts the file of a table that is written beside a report.
 * @param folder where the report goes, which holds nothing else
 * @throws RetrofitError `bad-option`, `output-is-input`, `output-exists`, `cannot-write`
 */
export async function stageCsv(path: string, model: Model, folder: string, force: boolean): Promise<PendingOutput> {
  const name = nodeStorage.nameOf(path);
  if (/^\.*$/.test(name)) throw badPlace(path, `--csv "${path}" is no name of a file`);
  const place = await nodeStorage.canonical(path);
  const report = await nodeStorage.canonical(folder);
  if (place === report || place.startsWith(`${report}/`)) {
    throw badPlace(path, 'the table would lie in the folder of the report, which holds nothing else');
  }
  const isFile = (await nodeStorage.kindOf(path)) === 'file';
  const identity = isFile ? (await nodeStorage.findFile(path)).identity : undefined;
  if (model.files.some((file) => file.identity === identity)) {
    throw usageError('output-is-input', 'the table would overwrite a file of the model', {
      where: { file: path },
      hint: 'give another name with --csv',
    });
  }
  if (hasOtherEnding(name, /\.(csv|txt)$/i)) throw badPlace(path, 'the table is CSV, and the name says something else');
  if (!force && isFile)
    throw usageError('output-exists', 'the table exists already', {
      where: { file: path },
      hint: 'give another name with --csv, or --force to replace it',
    });
  return nodeStorage.beginFiles(nodeStorage.folderOf(path), [name], force).catch((error: unknown) => {
    throw error instanceof RetrofitError ? withHint(error, (hint) => hint.replace(' -o', ' --csv')) : error;
  });
}

const badPlace = (path: string, message: string) =>
  usageError('bad-option', message, { where: { file: path, field: 'csv' }, hint: 'give another name with --csv' });
