import { writeFile } from 'node:fs/promises';
import { outputError } from '../errors.js';
import type { Run } from '../report/json-report.js';
import { markdownReport } from '../report/markdown.js';
import { fileSystemReason } from '../storage/node/file-system-errors.js';

/** Writes the report of a run as Markdown. */
export async function writeMarkdown(path: string, run: Run): Promise<void> {
  try {
    await writeFile(path, markdownReport(run));
  } catch (error) {
    throw outputError(
      'cannot-write',
      `the Markdown report cannot be written: ${fileSystemReason(error) ?? String(error)}`,
      {
        where: { file: path },
        hint: 'the model itself was written; choose another name with --markdown',
      },
    );
  }
}
