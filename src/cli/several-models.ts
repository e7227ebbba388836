import { existsSync } from 'node:fs';
import { inFile, RetrofitError, usageError, withHint } from '../errors.js';
import { listOutputNames, type OutputPlace } from '../formats/output/output-place.js';
import { count, plural } from '../plural.js';
import { errorLine } from '../report/error-line.js';
import { addReport, errorReport, percentOf, type Run, runWarnings } from '../report/json-report.js';
import { byteSize, magnitude, percent, printablePath } from '../report/printable.js';
import type { AddSeveralReport } from '../report/report-schemas.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import { notFound } from '../storage/storage-errors.js';
import { TOOL } from '../tool.js';
import type { Flags } from './flags.js';
import { retrofitFile } from './retrofit-file.js';
import { sayWhenInterrupted } from './signals.js';
import { messageColors, printTable, tell, tellResult } from './terminal.js';
import { tellWarnings } from './warnings.js';

/** Result of `add` on one of several models. */
interface Outcome {
  readonly path: string;
  readonly run?: Run;
  readonly error?: RetrofitError;
}

/**
 * Puts modules into several models, one after the other, and shows one table. A model that cannot be had does not stop the
 * others.
 * @param words the flags without those of a config
 * @throws RetrofitError `bad-flags`; `some-failed`, of the kind of the first failure, where there was one
 */
export async function addSeveral(paths: readonly string[], flags: Flags, words: Flags): Promise<void> {
  const started = performance.now();
  checkFlags(paths, flags, words);
  const claimed = new Map<string, string>();
  const outcomes: Outcome[] = [];
  for (const path of paths) {
    const outcome = await retrofitOne(path, flags, (place) => claim(claimed, path, place));
    outcomes.push(outcome);
    const written = outcomes.filter(({ run }) => run !== undefined && run.output !== null).length;
    if (written > 0) sayWhenInterrupted(`interrupted; ${count(written)} of ${plural(paths.length, 'model')} written`);
    if (flags.json) continue;
    const { error, run } = outcome;
    if (error !== undefined) tell(messageColors.red(errorLine(error)));
    else if (!flags.quiet) tellWarnings(runWarnings(run!), path);
  }
  const milliseconds = performance.now() - started;
  tellResult(
    flags,
    (): AddSeveralReport => ({
      version: 1,
      command: 'add',
      tool: TOOL,
      models: outcomes.map(({ run, error }) => (error === undefined ? addReport(run!) : errorReport('add', error))),
      milliseconds,
    }),
    () => show(outcomes),
  );
  const failed = outcomes.flatMap(({ error }) => error ?? []);
  if (failed.length > 0) {
    const message = `${count(failed.length)} of ${plural(paths.length, 'model')} failed`;
    throw new RetrofitError(failed[0]!.kind, 'some-failed', message, { isReported: true });
  }
}

const ONLY_FOR_ONE = { output: '-o', weights: '-w', markdown: '--markdown', html: '--html' } as const;

function checkFlags(paths: readonly string[], flags: Flags, words: Flags): void {
  const given = (Object.keys(ONLY_FOR_ONE) as (keyof typeof ONLY_FOR_ONE)[]).find((key) => flags[key] !== undefined);
  if (flags.outputDir === undefined && flags.dryRun !== true) {
    const missing = paths.find((path) => !existsSync(path));
    const isPlace = paths.length === 2 && missing === paths[1] && given !== 'output';
    if (missing !== undefined && !isPlace) throw notFound(missing);
    const lacking = isPlace ? `no file called "${missing}"` : 'no folder for the new ones';
    throw usageError('bad-flags', `${plural(paths.length, 'model')} are given, and ${lacking}`, {
      hint: isPlace
        ? 'give a folder with --output-dir DIR; of one model, the place of the new one is -o NAME'
        : 'give it with --output-dir DIR',
    });
  }
  if (given !== undefined)
    throw usageError('bad-flags', `${nameOf(given, words)} is for one model, and --output-dir for several`, {
      hint: given === 'weights' ? 'retrofit that model by itself, with -o NAME' : 'leave one of them out',
    });
}

/** Who wrote a config wrote no flag. */
const nameOf = (key: keyof typeof ONLY_FOR_ONE, words: Flags): string =>
  words[key] === undefined ? `"${key}" in ${words.config}` : ONLY_FOR_ONE[key];

async function retrofitOne(path: string, flags: Flags, onPlace: (place: OutputPlace) => void): Promise<Outcome> {
  try {
    const { run, refusal } = await retrofitFile(path, flags, onPlace);
    return { path, run, ...(refusal === undefined ? {} : { error: refusal }) };
  } catch (thrown) {
    const error = inFile(thrown, path);
    if (error instanceof RetrofitError) return { path, error: withHint(error, forFolder) };
    throw error;
  }
}

/** Rewords advice about `-o`, which is for one model. */
const forFolder = (hint: string): string =>
  hint
    .replace(/(another|a shorter) (name|place) with -o/, 'another folder with --output-dir')
    .replace(/-o (a name in |NAME)\.keras/, '--to keras-zip')
    .replace('-o a name in .h5', '--to keras-h5');

/** Two models of one name would come out in one place, and with `--force` the second would replace the first. */
function claim(claimed: Map<string, string>, path: string, place: OutputPlace): void {
  for (const name of listOutputNames(place)) {
    const file = nodeStorage.join(place.folder, name);
    const other = claimed.get(file);
    if (other !== undefined)
      throw usageError('output-exists', `it would be written as ${place.path}, as ${other} is`, {
        where: { file: path },
        hint: `${/(^|[\\/])model\.json$/.test(path) ? 'name the folders of model.json files, which give their models their own names, or ' : ''}give each another --output-dir, in a run of its own`,
      });
    claimed.set(file, path);
  }
}

function show(outcomes: readonly Outcome[]): void {
  printTable({
    head: ['model', 'modules', '+params', '', '+MACs', 'exact', 'output'],
    rightAligned: new Set([1, 2, 3, 4]),
    rows: outcomes.map(({ path, run, error }) => {
      if (run === undefined) return [printablePath(path), '-', '-', '-', '-', '-', `failed: ${error!.code}`];
      const { sites, params, macs, exact } = run.plan;
      const { output } = run;
      return [
        printablePath(path),
        count(sites.length),
        count(params.added),
        percent(percentOf(params.added, params.before)),
        magnitude(macs.added),
        exact ? 'yes' : 'no',
        error !== undefined
          ? `failed: ${error.code}`
          : output === null
            ? 'dry run'
            : `${printablePath(output.path)}  (${byteSize(output.bytes)})`,
      ];
    }),
  });
}
