import { access, constants, writeFile } from 'node:fs/promises';
import { outputError, usageError } from '../errors.js';
import { listOutputNames, type OutputPlace } from '../formats/output-place.js';
import type { Model } from '../model/model.js';
import { fileSystemReason } from '../storage/node/file-system-errors.js';
import { nodeStorage } from '../storage/node/node-storage.js';

/** The flags that name a file for a report. */
type ReportFlag = 'markdown' | 'html';

const NAMES: Readonly<Record<ReportFlag, string>> = { markdown: 'the Markdown report', html: 'the page' };

/**
 * Refuses a place for a report that is a file of the model, under any name, or lies in the folder of the new one.
 * @throws RetrofitError `output-is-input`, `bad-option`, `cannot-write` where it could not be written
 */
export async function checkReportPlace(
  path: string,
  flag: ReportFlag,
  model: Model,
  output: OutputPlace | undefined,
): Promise<void> {
  const badPlace = (message: string) =>
    usageError('bad-option', `${NAMES[flag]} ${message}`, {
      where: { file: path },
      hint: `give another name with --${flag}`,
    });
  const kind = await nodeStorage.kindOf(path);
  const identity = kind === 'file' ? (await nodeStorage.findFile(path)).identity : undefined;
  if (model.files.some((file) => file.identity === identity)) {
    throw usageError('output-is-input', `${NAMES[flag]} would overwrite a file of the model`, {
      where: { file: path },
      hint: `give another name with --${flag}`,
    });
  }
  await checkReportWritable(path, flag, kind, output);
  if (output === undefined) return;
  const report = await nodeStorage.canonical(path);
  if (output.format.container === 'tfjs') {
    const folder = await nodeStorage.canonical(output.folder);
    if (report !== folder && !report.startsWith(`${folder}/`)) return;
    throw badPlace('would lie in the folder of the new model, which holds nothing else');
  }
  for (const name of listOutputNames(output)) {
    const file = await nodeStorage.canonical(nodeStorage.join(output.folder, name));
    if (report === file) throw badPlace('would stand where the new model goes');
  }
}

async function checkReportWritable(
  path: string,
  flag: ReportFlag,
  kind: Awaited<ReturnType<typeof nodeStorage.kindOf>>,
  output: OutputPlace | undefined,
): Promise<void> {
  if (kind === 'folder') throw cannotWrite(path, flag, 'it is a folder');
  const folder = nodeStorage.folderOf(path);
  // The output makes the folders that it lies in.
  if (output !== undefined && (await nodeStorage.kindOf(folder)) === undefined) {
    const [around, made] = [await nodeStorage.canonical(folder), await nodeStorage.canonical(output.folder)];
    if (`${made}/`.startsWith(`${around}/`)) return;
  }
  try {
    await access(kind === undefined ? folder : path, constants.W_OK);
  } catch (error) {
    throw cannotWrite(path, flag, fileSystemReason(error));
  }
}

const cannotWrite = (path: string, flag: ReportFlag, reason: string | undefined, written = 'nothing was written') =>
  outputError('cannot-write', `${NAMES[flag]} cannot be written${reason === undefined ? '' : `: ${reason}`}`, {
    where: { file: path },
    hint: `${written}; choose another name with --${flag}`,
  });

/** Writes a report. */
export async function writeReport(
  path: string,
  flag: ReportFlag,
  text: string,
  isModelWritten: boolean,
): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    const reason = fileSystemReason(error);
    if (reason === undefined) throw error;
    throw cannotWrite(path, flag, reason, isModelWritten ? 'the model itself was written' : undefined);
  }
}
