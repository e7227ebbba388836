import { writeFile } from 'node:fs/promises';
import { outputError, usageError } from '../errors.js';
import type { Model } from '../model/model.js';
import type { Run } from '../report/json-report.js';
import { markdownReport } from '../report/markdown.js';
import { fileSystemReason } from '../storage/node/file-system-errors.js';
import { nodeStorage } from '../storage/node/node-storage.js';

/**
 * Refuses a place for the report that is a file of the model, under any name, or lies in the folder of the new one.
 * @throws RetrofitError `output-is-input`, `bad-option`
 */
export async function checkMarkdownPlace(path: string, model: Model, outputFolder: string | undefined): Promise<void> {
  const kind = await nodeStorage.kindOf(path);
  const identity = kind === 'file' ? (await nodeStorage.findFile(path)).identity : undefined;
  if (model.files.some((file) => file.identity === identity)) {
    throw usageError('output-is-input', 'the Markdown report would overwrite a file of the model', {
      where: { file: path },
      hint: 'give another name with --markdown',
    });
  }
  if (outputFolder === undefined) return;
  const [place, folder] = await Promise.all([path, outputFolder].map(nodeStorage.canonical));
  if (place === folder || place!.startsWith(`${folder}/`)) {
    throw usageError(
      'bad-option',
      'the Markdown report would lie in the folder of the new model, which holds nothing else',
      {
        where: { file: path },
        hint: 'give another name with --markdown',
      },
    );
  }
}

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
