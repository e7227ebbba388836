import { type RetrofitError, refusal } from '../errors.js';
import { convertModel } from '../formats/convert-model.js';
import { readFrom } from '../formats/known-formats.js';
import type { OutputPlace } from '../formats/output/output-place.js';
import type { WriteResult } from '../formats/output/write-to.js';
import { countLayers } from '../model/model.js';
import { completeOptions } from '../plan/options.js';
import type { Plan } from '../plan/plan.js';
import { planWithWeights } from '../plan-with-weights.js';
import { count, plural } from '../plural.js';
import type { Run } from '../report/json-report.js';
import { isVerified, type Verified } from '../report/verify-report.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import { TOOL } from '../tool.js';
import { retrofit } from '../transforms/retrofit.js';
import { denyCode } from './deny-code.js';
import { type Flags, parseBudget, planOptions, readOptions } from './flags.js';
import { placeOf } from './place.js';
import { checkReportPlaces } from './report-file.js';
import { prepareModel, writeModel } from './write-model.js';

/** Result of `add` on one model. */
export interface Retrofitted {
  readonly run: Run;
  /** Why nothing was written although everything was planned: the new model was computed, and differs. */
  readonly refusal?: RetrofitError;
}

/**
 * Reads a model, plans, puts the modules in, and writes, as far as the flags say.
 * @param onPlace sees the place of the output before anything is written
 */
export async function retrofitFile(
  path: string,
  flags: Flags,
  onPlace: (place: OutputPlace) => void = () => {},
): Promise<Retrofitted> {
  const started = performance.now();
  const options = completeOptions(planOptions(flags));
  if (flags.maxAddedParams !== undefined) parseBudget(flags.maxAddedParams, 0);

  const read = await readFrom(nodeStorage, path, readOptions(flags));
  if (flags.denyCode) denyCode(read);
  const place = await placeOf(path, read, flags);
  onPlace(place);
  const model = convertModel(read, place.format);
  const plan = await planWithWeights(model, options);
  if (flags.maxAddedParams !== undefined) checkBudget(plan, flags.maxAddedParams);
  await checkReportPlaces(flags, model, flags.dryRun ? undefined : place);
  const verification = flags.verify ? await import('./verify-written.js') : undefined;
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
  if (!isRefused) return { run };
  const reason = 'numbers of the network are too large to be doubled, or this is a defect of ours';
  return { run, refusal: verification!.differs(verified, place.path, `the new model was not written: ${reason}`) };

  async function write(): Promise<{ readonly written: WriteResult | null; readonly verified?: Verified }> {
    if (verification === undefined) return { written: flags.dryRun ? null : await writeModel(after, place, flags) };
    if (flags.dryRun) return verification.verifyUnwritten(read, after);
    return verification.verifyWritten(read, await prepareModel(after, place, flags), place);
  }
}

function checkBudget(plan: Plan, budget: string): void {
  const most = parseBudget(budget, plan.params.before);
  if (plan.params.added <= most) return;
  throw refusal(
    'over-budget',
    `${plural(plan.params.added, 'parameter')} would be added; --max-added-params ${budget} allows ${count(Math.floor(most))}`,
    {
      hint: `${fewerHint(plan)}nothing was written`,
    },
  );
}

/** Suggests which other options would add fewer parameters. */
function fewerHint({ options: { minUnits, stages: chosen, at }, stages, sites }: Plan): string {
  const last = Math.max(...sites.map(({ stage }) => stage));
  const skipped = last === stages.at(-1)?.stage ? 'last' : last;
  const units = sites.some((site) => site.units > minUnits) ? ['a larger --ratio'] : [];
  if (units.length === 0 && minUnits > 1) units.push('a smaller --min-units');
  const hasOthers = sites.some(({ stage }) => stage !== last);
  const fewer =
    at.length > 0 ? 'fewer --at' : chosen.length > 0 ? 'fewer stages in --stage' : `--skip-stage ${skipped}`;
  const ways = [...units, ...(hasOthers ? [fewer] : [])].join(' or ');
  return ways === '' ? '' : `${ways} would add fewer; `;
}
