import { writeFile } from 'node:fs/promises';
import { outputError, usageError } from '../errors.js';
import { listOutputNames, type OutputPlace } from '../formats/output-place.js';
import type { Model } from '../model/model.js';
import type { Run } from '../report/json-report.js';
import { markdownReport } from '../report/markdown.js';
import { fileSystemReason } from '../storage/node/file-system-errors.js';
import { nodeStorage } from '../storage/node/node-storage.js';

/**
 * Refuses a place for the report that is a file of the model, under any name, or lies in the folder of the new one.
 * @throws RetrofitError `output-is-input`, `bad-option`
 */
export async function checkMarkdownPlace(path: string, model: Model, output: OutputPlace | undefined): Promise<void> {
  const kind = await nodeStorage.kindOf(path);
  const identity = kind === 'file' ? (await nodeStorage.findFile(path)).identity : undefined;
  if (model.files.some((file) => file.identity === identity)) {
    throw usageError('output-is-input', 'the Markdown report would overwrite a file of the model', {
      where: { file: path },
      hint: 'give another name with --markdown',
    });
  }
  if (output === undefined) return;
  const report = await nodeStorage.canonical(path);
  if (output.format.container === 'tfjs') {
    const folder = await nodeStorage.canonical(output.folder);
    if (report !== folder && !report.startsWith(`${folder}/`)) return;
    throw badPlace(path, 'the Markdown report would lie in the folder of the new model, which holds nothing else');
  }
  for (const name of listOutputNames(output)) {
    const file = await nodeStorage.canonical(nodeStorage.join(output.folder, name));
    if (report === file) throw badPlace(path, 'the Markdown report would stand where the new model goes');
  }
}

const badPlace = (path: string, message: string) =>
  usageError('bad-option', message, { where: { file: path }, hint: 'give another name with --markdown' });

/** Writes the report of a run as Markdown. */
export async function writeMarkdown(path: string, run: Run): Promise<void> {
  try {
    await writeFile(path, markdownReport(run));
  } catch (error) {
    const reason = fileSystemReason(error);
    if (reason === undefined) throw error;
    throw outputError('cannot-write', `the Markdown report cannot be written: ${reason}`, {
      where: { file: path },
      hint: `${run.output === null ? '' : 'the model itself was written; '}choose another name with --markdown`,
    });
  }
}
