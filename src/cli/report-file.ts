import { access, appendFile, constants, lstat, readFile, writeFile } from 'node:fs/promises';
import { outputError, RetrofitError, usageError } from '../errors.js';
import type { OutputPlace } from '../formats/output/output-place.js';
import { loadSharp } from '../images/load-sharp.js';
import type { Model } from '../model/model.js';
import { printablePath } from '../report/printable.js';
import { isWithin } from '../storage/is-within.js';
import { fileSystemReason, isMissing, isTooLong } from '../storage/node/file-system-errors.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import { replaceFile } from '../storage/replace-file.js';
import { badPlace, checkClaim, resultAt } from './claim-place.js';

/** The flags that name a file for a report. */
type ReportFlag = 'markdown' | 'html' | 'svg';

const NAMES: Readonly<Record<ReportFlag, string>> = {
  markdown: 'the Markdown report',
  html: 'the page',
  svg: 'the drawing',
};

/** The endings of what a flag writes, and of files of other kinds: under these it would lie about itself. */
const ENDINGS: Readonly<Record<ReportFlag, RegExp>> = {
  markdown: /\.(md|markdown|txt)$/i,
  html: /\.html?$/i,
  svg: /\.(svg|png)$/i,
};
const KNOWN_ENDINGS = /\.(png|jpe?g|gif|webp|avif|pdf|svg|html?|md|markdown|txt|csv|json|h5|hdf5|keras|bin)$/i;
const PNG = /\.png$/i;

/** Tells whether a file's ending is known, and is none of its own kind. */
export const hasOtherEnding = (path: string, own: RegExp): boolean => KNOWN_ENDINGS.test(path) && !own.test(path);

const KINDS: Readonly<Record<ReportFlag, string>> = {
  markdown: 'Markdown',
  html: 'HTML',
  svg: 'a drawing, as SVG or PNG',
};

type ReportFlags = { readonly [flag in ReportFlag]?: string } & { readonly force?: boolean };

/**
 * Refuses places for reports before any work is done: files of the model, under any name, the folder of the new one,
 * places that cannot be written and, without `--force`, those that are taken. An empty file is no loss: pipelines make
 * the one for their summary beforehand.
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
    if (hasOtherEnding(path, ENDINGS[flag])) throw badEnding(flag, path);
    if (PNG.test(path)) await loadPngSharp();
    const claim = { path, flag, would: `${NAMES[flag]} would` };
    await checkClaim(claim, model, output && resultAt(output));
    const report = await nodeStorage.canonical(path);
    if (taken.has(report)) throw badPlace(claim, `${NAMES[flag]} would stand where another report goes`);
    taken.add(report);
    if (flags.force !== true && !(await isSummary(path)) && (await holdsSomething(path))) {
      throw usageError('output-exists', `${NAMES[flag]} exists already`, {
        where: { file: path },
        hint: `give another name with --${flag}, or --force to replace it`,
      });
    }
    await checkWritable(path, flag, output);
  }
}

/** Tells whether a path is that of the file in which GitHub's pipelines gather what all steps have to say. */
async function isSummary(path: string): Promise<boolean> {
  const summary = process.env.GITHUB_STEP_SUMMARY;
  return summary ? (await nodeStorage.canonical(path)) === (await nodeStorage.canonical(summary)) : false;
}

const holdsSomething = async (path: string): Promise<boolean> =>
  (await nodeStorage.kindOf(path)) === 'file' && (await nodeStorage.findFile(path)).byteLength > 0;

const badEnding = (flag: ReportFlag, path: string) =>
  usageError('bad-option', `--${flag} writes ${KINDS[flag]}, and the name says something else`, {
    where: { file: path },
    hint: `give a name in ${flag === 'markdown' ? '.md' : flag === 'svg' ? '.svg or .png' : '.html'}`,
  });

/** A folder that is yet to be made for the model is no obstacle. */
async function checkWritable(path: string, flag: ReportFlag, output: OutputPlace | undefined): Promise<void> {
  const kind = await nodeStorage.kindOf(path);
  if (kind === 'folder') throw cannotWrite(path, flag, 'it is a folder');
  const folder = nodeStorage.folderOf(path);
  try {
    await access(kind === undefined ? folder : path, constants.W_OK);
    if (kind === undefined) await checkName(path);
  } catch (error) {
    const isMade =
      output !== undefined && isWithin(await nodeStorage.canonical(output.folder), await nodeStorage.canonical(folder));
    if (!isMade || !isMissing(error) || isTooLong(error))
      throw cannotWrite(path, flag, fileSystemReason(error) ?? 'no such folder');
  }
  if (kind === 'other' || (await isSummary(path))) return;
  // A folder that takes no files, say: what stops the writing stops it now, not behind the model.
  try {
    const place = await nodeStorage.canonical(path);
    await (await nodeStorage.beginFiles(nodeStorage.folderOf(place), [nodeStorage.nameOf(place)], true)).discard();
  } catch (error) {
    throw asReportError(error, path, flag);
  }
}

/** Asks the file system whether a file could have this name. */
const checkName = (path: string): Promise<unknown> =>
  lstat(path).catch((error) => {
    if (isTooLong(error)) throw error;
  });

/** Names the requested reports and their places, a line each. */
export const writtenLines = (flags: ReportFlags): readonly string[] =>
  (Object.keys(NAMES) as ReportFlag[]).flatMap((flag) =>
    flags[flag] === undefined ? [] : [`${NAMES[flag]}: ${printablePath(flags[flag])}`],
  );

/**
 * Writes a report: whole, or not at all, unless it goes to a device; to the summary of a pipeline it is appended.
 * @param model where the new model was written before, which an error says: it stands, and has been reported
 */
export async function writeReport(path: string, flag: ReportFlag, text: string, model?: string): Promise<void> {
  try {
    if (await isSummary(path)) await appendFile(path, `${(await endsInLine(path)) ? '\n' : ''}${text}`);
    else if ((await nodeStorage.kindOf(path)) === 'other') await writeFile(path, text);
    else await writeWhole(await nodeStorage.canonical(path), PNG.test(path) ? await drawPng(text) : encode(text));
  } catch (error) {
    throw asReportError(error, path, flag, model);
  }
}

/** Tells whether a file ends within a line. */
const endsInLine = async (path: string): Promise<boolean> =>
  (await nodeStorage.kindOf(path)) === 'file' && /[^\n]$/.test(await readFile(path, 'utf8'));

function asReportError(error: unknown, path: string, flag: ReportFlag, model?: string): unknown {
  if (error instanceof RetrofitError)
    return badFile(path, flag, error.message.replace(/^the output/, NAMES[flag]), model);
  const reason = fileSystemReason(error);
  return reason === undefined ? error : cannotWrite(path, flag, reason, model);
}

/**
 * Runs what writes reports behind a model that is written. Where one cannot be written the run goes on to report the rest,
 * the model above all.
 * @returns the error to throw at the end
 */
export async function reportLast(write: () => Promise<void>): Promise<RetrofitError | undefined> {
  try {
    await write();
    return undefined;
  } catch (error) {
    if (error instanceof RetrofitError && error.isReported) return error;
    throw error;
  }
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const loadPngSharp = () => loadSharp('drawings become PNG');

/** Draws at twice the drawing's own size: sharp on screens of high density. */
async function drawPng(svg: string): Promise<Uint8Array> {
  const sharp = await loadPngSharp();
  return sharp(encode(svg), { density: 144, limitInputPixels: false }).png().toBuffer();
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const folder = nodeStorage.folderOf(path);
  if ((await nodeStorage.kindOf(folder)) !== 'folder') {
    throw outputError('cannot-write', 'the output cannot be written: there is no such folder');
  }
  await replaceFile(nodeStorage, folder, nodeStorage.nameOf(path), [bytes]);
}

const cannotWrite = (path: string, flag: ReportFlag, reason: string, model?: string): RetrofitError =>
  badFile(path, flag, `${NAMES[flag]} cannot be written: ${reason}`, model);

const badFile = (path: string, flag: ReportFlag, message: string, model: string | undefined): RetrofitError =>
  outputError('cannot-write', message, {
    where: { file: path },
    hint:
      model === undefined
        ? `choose another name with --${flag}`
        : `the model itself was written: ${printablePath(model)}`,
    isReported: model !== undefined,
  });
