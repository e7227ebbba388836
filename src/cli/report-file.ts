import { access, constants, writeFile } from 'node:fs/promises';
import { outputError, RetrofitError, usageError } from '../errors.js';
import { isFolder } from '../formats/containers.js';
import { listOutputNames, type OutputPlace } from '../formats/output-place.js';
import type { Model } from '../model/model.js';
import { fileSystemReason, isMissing } from '../storage/node/file-system-errors.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import { replaceFile } from '../storage/replace-file.js';

/** The flags that name a file for a report. */
type ReportFlag = 'markdown' | 'html' | 'svg';

const NAMES: Readonly<Record<ReportFlag, string>> = {
  markdown: 'the Markdown report',
  html: 'the page',
  svg: 'the drawing',
};

type ReportFlags = { readonly [flag in ReportFlag]?: string } & { readonly force?: boolean };

/**
 * Refuses places for reports before any work is done: files of the model, under any name, the folder of the new one,
 * places that cannot be written and, without `--force`, those that are taken. An empty file is none that is lost:
 * pipelines make the one for their summary beforehand.
 * @param output where the new model goes; undefined where none is written
 * @throws RetrofitError `output-is-input`, `bad-option`, `output-exists`, `cannot-write`
 */
export async function checkReportPlaces(
  flags: ReportFlags,
  model: Model,
  output: OutputPlace | undefined,
): Promise<void> {
  const taken = new Set<string>();
  for (const flag of Object.keys(NAMES) as ReportFlag[]) {
    const path = flags[flag];
    if (path === undefined) continue;
    await checkReportPlace(path, flag, model, output);
    const report = await nodeStorage.canonical(path);
    if (taken.has(report)) throw badPlace(flag, path, 'would stand where another report goes');
    taken.add(report);
    if (flags.force !== true && (await holdsSomething(path))) {
      throw usageError('output-exists', `${NAMES[flag]} exists already`, {
        where: { file: path },
        hint: `give another name with --${flag}, or --force to replace it`,
      });
    }
    await checkWritable(path, flag, output);
  }
}

const holdsSomething = async (path: string): Promise<boolean> =>
  (await nodeStorage.kindOf(path)) === 'file' && (await nodeStorage.findFile(path)).byteLength > 0;

async function checkReportPlace(
  path: string,
  flag: ReportFlag,
  model: Model,
  output: OutputPlace | undefined,
): Promise<void> {
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
  if (isFolder(output.format.container)) {
    const folder = await nodeStorage.canonical(output.folder);
    if (report !== folder && !report.startsWith(`${folder}/`)) return;
    throw badPlace(flag, path, 'would lie in the folder of the new model, which holds nothing else');
  }
  for (const name of listOutputNames(output)) {
    const file = await nodeStorage.canonical(nodeStorage.join(output.folder, name));
    if (report === file) throw badPlace(flag, path, 'would stand where the new model goes');
  }
}

const badPlace = (flag: ReportFlag, path: string, message: string) =>
  usageError('bad-option', `${NAMES[flag]} ${message}`, {
    where: { file: path },
    hint: `give another name with --${flag}`,
  });

/** A folder that is yet to be made for the model is no obstacle. */
async function checkWritable(path: string, flag: ReportFlag, output: OutputPlace | undefined): Promise<void> {
  const kind = await nodeStorage.kindOf(path);
  if (kind === 'folder') throw cannotWrite(path, flag, 'it is a folder', false);
  const folder = nodeStorage.folderOf(path);
  try {
    await access(kind === undefined ? folder : path, constants.W_OK);
  } catch (error) {
    const isMade = output !== undefined && (await isWithin(output.folder, folder));
    if (isMade && isMissing(error)) return;
    throw cannotWrite(path, flag, fileSystemReason(error) ?? 'no such folder', false);
  }
}

const isWithin = async (path: string, folder: string): Promise<boolean> =>
  `${await nodeStorage.canonical(path)}/`.startsWith(`${await nodeStorage.canonical(folder)}/`);

/** Writes a report: whole, or not at all, unless it goes to a device. */
export async function writeReport(
  path: string,
  flag: ReportFlag,
  text: string,
  isModelWritten: boolean,
): Promise<void> {
  try {
    if ((await nodeStorage.kindOf(path)) === 'other') await writeFile(path, text);
    else await writeWhole(await nodeStorage.canonical(path), text);
  } catch (error) {
    if (error instanceof RetrofitError) {
      throw badFile(path, flag, error.message.replace(/^the output/, NAMES[flag]), isModelWritten);
    }
    const reason = fileSystemReason(error);
    if (reason === undefined) throw error;
    throw cannotWrite(path, flag, reason, isModelWritten);
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const folder = nodeStorage.folderOf(path);
  if ((await nodeStorage.kindOf(folder)) !== 'folder') {
    throw outputError('cannot-write', 'the output cannot be written: there is no such folder');
  }
  await replaceFile(nodeStorage, folder, nodeStorage.nameOf(path), [new TextEncoder().encode(text)]);
}

const cannotWrite = (path: string, flag: ReportFlag, reason: string, isModelWritten: boolean): RetrofitError =>
  badFile(path, flag, `${NAMES[flag]} cannot be written: ${reason}`, isModelWritten);

const badFile = (path: string, flag: ReportFlag, message: string, isModelWritten: boolean): RetrofitError =>
  outputError('cannot-write', message, {
    where: { file: path },
    hint: `${isModelWritten ? 'the model itself was written; ' : ''}choose another name with --${flag}`,
  });
