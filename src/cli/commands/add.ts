import { refusal } from '../../errors.js';
import { convertModel } from '../../formats/convert-model.js';
import { readFrom } from '../../formats/known-formats.js';
import { countLayers } from '../../model/model.js';
import { completeOptions } from '../../plan/options.js';
import type { Plan } from '../../plan/plan.js';
import { addReport, type Run, reportLine } from '../../report/json-report.js';
import { count } from '../../report/printable.js';
import { nextSteps, outputLine, skippedLines, stageTable, totalsLine, warningLine } from '../../report/summary.js';
import { textTable } from '../../report/table.js';
import { nodeStorage } from '../../storage/node/node-storage.js';
import { TOOL } from '../../tool.js';
import { retrofit } from '../../transforms/retrofit.js';
import { denyCode } from '../deny-code.js';
import { type Flags, parseBudget, planOptions, readOptions } from '../flags.js';
import { placeOf } from '../place.js';
import { planWithWeights } from '../plan-with-weights.js';
import { dataColors, messageColors, print, tell } from '../terminal.js';
import { writeModel } from '../write-model.js';

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
  const markdown = flags.markdown === undefined ? undefined : await import('../markdown-file.js');
  await markdown?.checkMarkdownPlace(flags.markdown!, model, flags.dryRun ? undefined : place);
  const output = flags.dryRun ? null : await writeModel(retrofit(model, plan), place, flags);

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
    },
    output,
    milliseconds: performance.now() - started,
  };
  await markdown?.writeMarkdown(flags.markdown!, run);
  if (flags.json) print(reportLine(addReport(run)));
  else if (!flags.quiet) show(run);
}

function checkBudget(plan: Plan, budget: string): void {
  const most = parseBudget(budget, plan.params.before);
  if (plan.params.added <= most) return;
  throw refusal(
    'over-budget',
    `${count(plan.params.added)} parameters would be added; --max-added-params ${budget} allows ${count(Math.floor(most))}`,
    {
      hint: `a larger --ratio or --skip-stage last adds fewer; nothing was written`,
    },
  );
}

function show({ model, plan, output, milliseconds }: Run): void {
  const [head, ...rows] = textTable(stageTable(plan));
  print(dataColors.bold(head!), ...rows, totalsLine(plan));
  tell(...skippedLines(plan).map((line) => messageColors.dim(line)));
  tell(
    ...[...model.warnings, ...plan.warnings].map((warning) => messageColors.yellow(`warning: ${warningLine(warning)}`)),
  );
  if (output === null) {
    tell('dry run: nothing was written');
    return;
  }
  print(dataColors.green(outputLine(model, output, milliseconds)));
  tell(...nextSteps(plan.exact).map((line) => messageColors.dim(line)));
}
