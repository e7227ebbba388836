import { refusal } from '../../errors.js';
import { convertModel } from '../../formats/convert-model.js';
import { readFrom } from '../../formats/known-formats.js';
import type { WriteResult } from '../../formats/write-to.js';
import { countLayers } from '../../model/model.js';
import { completeOptions } from '../../plan/options.js';
import type { Plan } from '../../plan/plan.js';
import { planWithWeights } from '../../plan-with-weights.js';
import { count, plural } from '../../plural.js';
import { addReport, type Run, reportLine, runWarnings } from '../../report/json-report.js';
import { nextSteps, outputLine, skippedLines, stageTable, totalsLine, warningLine } from '../../report/summary.js';
import { textTable } from '../../report/table.js';
import { isVerified, nanLine, type Verified, verifiedLines } from '../../report/verify-report.js';
import { nodeStorage } from '../../storage/node/node-storage.js';
import { TOOL } from '../../tool.js';
import { retrofit } from '../../transforms/retrofit.js';
import { denyCode } from '../deny-code.js';
import { type Flags, parseBudget, planOptions, readOptions } from '../flags.js';
import { placeOf } from '../place.js';
import { checkReportPlaces, writeReport, writtenLines } from '../report-file.js';
import { dataColors, messageColors, print, tell } from '../terminal.js';
import { prepareModel, writeModel } from '../write-model.js';

/** The main job: read, plan, put the modules in, write, tell. */
export async function add(path: string, given: Flags): Promise<void> {
  const started = performance.now();
  const flags = given.config === undefined ? given : await (await import('../config-file.js')).withConfig(given);
  const options = completeOptions(planOptions(flags));
  if (flags.maxAddedParams !== undefined) parseBudget(flags.maxAddedParams, 0);

  const read = await readFrom(nodeStorage, path, readOptions(flags));
  if (flags.denyCode) denyCode(read);
  const place = await placeOf(path, read, flags);
  const model = convertModel(read, place.format);
  const plan = await planWithWeights(model, options);
  if (flags.maxAddedParams !== undefined) checkBudget(plan, flags.maxAddedParams);
  await checkReportPlaces(flags, model, flags.dryRun ? undefined : place);
  const verification = flags.verify ? await import('../verify-written.js') : undefined;
  await verification?.checkVerifiable(read, options);
  const after = retrofit(model, plan);
  const { written: output, verified } = await write();
  const isRefused = verified !== undefined && !isVerified(verified);

  const run: Run = {
    tool: TOOL,
    model,
    inputFormat: read.format,
    inputPath: path,
    layers: countLayers(read.graph),
    plan,
    options: {
      ...plan.options,
      weights: flags.weights ?? null,
      to: flags.to ?? null,
      dialect: flags.dialect ?? null,
      maxAddedParams: flags.maxAddedParams ?? null,
      denyCode: flags.denyCode ?? false,
      allowLinks: flags.allowLinks ?? false,
      verify: flags.verify ?? false,
    },
    output,
    ...(verified === undefined ? {} : { verified }),
    milliseconds: performance.now() - started,
  };
  await writeReports(run, flags);
  if (flags.json) print(reportLine(addReport(run)));
  else if (!flags.quiet) {
    show(run, flags.dryRun ?? false);
    tell(...writtenLines(flags));
  }
  if (isRefused)
    throw verification!.differs(
      verified,
      place.path,
      'the new model was not written: numbers of the network are too large to be doubled, or this is a defect of ours',
    );

  async function write(): Promise<{ readonly written: WriteResult | null; readonly verified?: Verified }> {
    if (verification === undefined) return { written: flags.dryRun ? null : await writeModel(after, place, flags) };
    if (flags.dryRun) return verification.verifyUnwritten(read, after);
    return verification.verifyWritten(read, await prepareModel(after, place, flags), place);
  }
}

/** Pages are loaded for those who want one. */
async function writeReports(run: Run, { markdown, html }: Flags): Promise<void> {
  const isWritten = run.output !== null;
  if (markdown !== undefined) {
    const { markdownReport } = await import('../../report/markdown.js');
    await writeReport(markdown, 'markdown', markdownReport(run), isWritten);
  }
  if (html !== undefined) {
    const { addPage } = await import('../../report/add-page.js');
    await writeReport(html, 'html', addPage(run), isWritten);
  }
}

function checkBudget(plan: Plan, budget: string): void {
  const most = parseBudget(budget, plan.params.before);
  if (plan.params.added <= most) return;
  throw refusal(
    'over-budget',
    `${plural(plan.params.added, 'parameter')} would be added; --max-added-params ${budget} allows ${count(Math.floor(most))}`,
    {
      hint: `a larger --ratio or --skip-stage last adds fewer; nothing was written`,
    },
  );
}

function show(run: Run, isDryRun: boolean): void {
  const { model, plan, output, verified, milliseconds } = run;
  const [head, ...rows] = textTable(stageTable(plan));
  print(dataColors.bold(head!), ...rows, totalsLine(plan));
  tell(...skippedLines(plan).map((line) => messageColors.dim(line)));
  tell(...runWarnings(run).map((warning) => messageColors.yellow(`warning: ${warningLine(warning)}`)));
  if (verified !== undefined) {
    const nan = nanLine(verified);
    if (nan !== undefined) tell(messageColors.yellow(`warning: ${nan}`));
    print(...verifiedLines(verified));
  }
  if (isDryRun) tell('dry run: nothing was written');
  if (output === null) return;
  print(dataColors.green(outputLine({ ...model, format: run.inputFormat }, output, milliseconds)));
  tell(...nextSteps(plan, output.format.container).map((line) => messageColors.dim(line)));
}
