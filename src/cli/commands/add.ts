import { refusal } from '../../errors.js';
import { readFrom } from '../../formats/known-formats.js';
import { type OutputPlace, outputPlace } from '../../formats/output-place.js';
import { type WriteResult, writeTo } from '../../formats/write-to.js';
import { countLayers, type Model } from '../../model/model.js';
import { completeOptions } from '../../plan/options.js';
import type { Plan } from '../../plan/plan.js';
import { planRetrofit } from '../../plan/plan-retrofit.js';
import { addReport, type Run, reportLine } from '../../report/json-report.js';
import { count } from '../../report/printable.js';
import { nextSteps, outputLine, skippedLines, stageTable, totalsLine, warningLine } from '../../report/summary.js';
import { textTable } from '../../report/table.js';
import { nodeStorage } from '../../storage/node/node-storage.js';
import { TOOL } from '../../tool.js';
import { retrofit } from '../../transforms/retrofit.js';
import { type Flags, parseBudget, planOptions } from '../flags.js';
import { progressBar } from '../progress.js';
import { dataColors, messageColors, print, tell } from '../terminal.js';

/** The main job: read, plan, put the modules in, write, tell. */
export async function add(path: string, given: Flags): Promise<void> {
  const started = performance.now();
  const flags = given.config === undefined ? given : await (await import('../config-file.js')).withConfig(given);
  const options = completeOptions(planOptions(flags));
  if (flags.maxAddedParams !== undefined) parseBudget(flags.maxAddedParams, 0);

  const model = await readFrom(nodeStorage, path, { allowLinks: flags.allowLinks ?? false });
  if (flags.denyCode) denyCode(model);
  const plan = planRetrofit(model, options);
  if (flags.maxAddedParams !== undefined) checkBudget(plan, flags.maxAddedParams);
  const place = flags.dryRun ? undefined : await placeOf(path, flags);
  const markdown = flags.markdown === undefined ? undefined : await import('../markdown-file.js');
  await markdown?.checkMarkdownPlace(flags.markdown!, model, place?.folder);
  const output = place === undefined ? null : await write(model, plan, place, flags);

  const run: Run = {
    tool: TOOL,
    model,
    inputPath: path,
    layers: countLayers(model.graph),
    plan,
    options: {
      ...plan.options,
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

const placeOf = async (path: string, flags: Flags): Promise<OutputPlace> =>
  outputPlace(nodeStorage, { path, isFolder: (await nodeStorage.kindOf(path)) === 'folder' }, flags.output);

async function write(model: Model, plan: Plan, place: OutputPlace, flags: Flags): Promise<WriteResult> {
  const bar = progressBar('writing', flags.quiet === true || flags.json === true);
  try {
    return await writeTo(nodeStorage, retrofit(model, plan), place, {
      force: flags.force ?? false,
      onProgress: bar.update,
    });
  } finally {
    bar.stop();
  }
}

function denyCode(model: Model): void {
  const found = model.warnings.find((warning) => warning.code === 'carried-code');
  if (found === undefined) return;
  throw refusal('code-denied', `with --deny-code: ${found.message}`, {
    where: { file: model.path, ...(found.where === null ? {} : { layer: found.where }) },
    hint: 'leave --deny-code out if you trust where the model comes from',
  });
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
