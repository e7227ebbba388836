import { writeFile } from 'node:fs/promises';
import { outputError, RetrofitError, usageError } from '../errors.js';
import { listOutputNames, type OutputPlace } from '../formats/output-place.js';
import type { Model } from '../model/model.js';
import { fileSystemReason } from '../storage/node/file-system-errors.js';
import { nodeStorage } from '../storage/node/node-storage.js';

/** The flags that name a file for a report. */
type ReportFlag = 'markdown' | 'html';

const NAMES: Readonly<Record<ReportFlag, string>> = { markdown: 'the Markdown report', html: 'the page' };

/**
 * Refuses a place for a report that is a file of the model, under any name, or lies in the folder of the new one.
 * @throws RetrofitError `output-is-input`, `bad-option`
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

/** Writes a report: whole, or not at all, unless it goes to a device. */
export async function writeReport(
  path: string,
  flag: ReportFlag,
  text: string,
  isModelWritten: boolean,
): Promise<void> {
  try {
    if ((await nodeStorage.kindOf(path)) === 'other') await writeFile(path, text);
    else await replaceFile(await nodeStorage.canonical(path), text);
  } catch (error) {
    const reason = fileSystemReason(error);
    if (reason === undefined && !(error instanceof RetrofitError)) throw error;
    const message =
      error instanceof RetrofitError
        ? error.message.replace(/^the output/, NAMES[flag])
        : `${NAMES[flag]} cannot be written: ${reason}`;
    throw outputError('cannot-write', message, {
      where: { file: path },
      hint: `${isModelWritten ? 'the model itself was written; ' : ''}choose another name with --${flag}`,
    });
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const [folder, name] = [nodeStorage.folderOf(path), nodeStorage.nameOf(path)];
  if ((await nodeStorage.kindOf(folder)) !== 'folder') {
    throw outputError('cannot-write', 'the output cannot be written: there is no such folder');
  }
  const staged = await nodeStorage.stageFiles(folder, [name], true);
  try {
    await staged.write(name, [new TextEncoder().encode(text)]);
    await staged.commit();
  } catch (error) {
    await staged.discard();
    throw error;
  }
}
