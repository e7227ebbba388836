import { addReport, type Run, runWarnings } from '../../report/json-report.js';
import { nextSteps, outputLine, skippedLines, stageTable, totalsLine } from '../../report/summary.js';
import { nanLine, verifiedLines } from '../../report/verify-report.js';
import type { Flags } from '../flags.js';
import { reportLast, writeReport, writtenLines } from '../report-file.js';
import { retrofitFile } from '../retrofit-file.js';
import { dataColors, messageColors, print, printTable, tell, tellResult } from '../terminal.js';
import { tellWarnings } from '../warnings.js';

/** The main job: read, plan, put the modules in, write, tell. */
export async function add(paths: readonly string[], given: Flags): Promise<void> {
  const flags = given.config === undefined ? given : await (await import('../config-file.js')).withConfig(given);
  if (paths.length > 1 || flags.outputDir !== undefined)
    return (await import('../several-models.js')).addSeveral(paths, flags, given);
  const { run, refusal } = await retrofitFile(paths[0]!, flags);
  const failure = await reportLast(() => writeReports(run, flags));
  tellResult(
    flags,
    () => addReport(run),
    () => {
      show(run, flags.dryRun ?? false);
      if (failure === undefined) tell(...writtenLines(flags));
    },
  );
  if (failure !== undefined) throw failure;
  if (refusal !== undefined) throw refusal;
}

/** Pages are loaded for those who want one. */
async function writeReports(run: Run, { markdown, html }: Flags): Promise<void> {
  const model = run.output?.path;
  if (markdown !== undefined) {
    const { markdownReport } = await import('../../report/markdown.js');
    await writeReport(markdown, 'markdown', markdownReport(run), model);
  }
  if (html !== undefined) {
    const { addPage } = await import('../../report/add-page.js');
    await writeReport(html, 'html', addPage(run), model);
  }
}

function show(run: Run, isDryRun: boolean): void {
  const { model, plan, output, verified, milliseconds } = run;
  printTable(stageTable(plan));
  print(totalsLine(plan));
  tell(...skippedLines(plan).map((line) => messageColors.dim(line)));
  tellWarnings(runWarnings(run));
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
