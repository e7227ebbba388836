import type { ErrorPlace, ErrorReason } from '../errors.js';
import type { WriteResult } from '../formats/output/write-to.js';
import type { Inspection } from '../inspect.js';
import type { Format, Model, Warning } from '../model/model.js';
import type { Plan } from '../plan/plan.js';
import type { RetrofittedModule } from '../plan/retrofitted-modules.js';
import { errorSentence } from './error-line.js';
import type { AddReport, ConvertReport, ErrorReport, InspectReport, StripReport } from './report-schemas.js';
import { type InputModel, type Verified, verifiedFields } from './verify-report.js';

/** Result of a run of `add` or `inspect`, as the commands collect it. */
export interface Run {
  readonly tool: string;
  readonly model: Model;
  /** The model's path as the user gave it. */
  readonly inputPath: string;
  /** The format it was read in; the model may be converted to another by now. */
  readonly inputFormat: Format;
  readonly layers: number;
  readonly plan: Plan;
  /** Options of the command as a whole: the plan's, and its own. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly output: WriteResult | null;
  /** Result of comparing the output with the input, where that was asked for. */
  readonly verified?: Verified;
  readonly milliseconds: number;
}

/** Lists the warnings about the model, the plan and the written files. */
export const runWarnings = ({ model, plan, output }: Run): readonly Warning[] => [
  ...model.warnings,
  ...plan.warnings,
  ...(output?.warnings ?? []),
];

export const addReport = (run: Run): AddReport => ({
  version: 1,
  command: 'add',
  ...commonReport(run),
  verified: run.verified === undefined ? null : verifiedFields(run.verified),
});

/** @param isLong whether every layer is listed */
export const inspectReport = (
  run: Run,
  { modules, loads, commands, layers }: Inspection,
  isLong: boolean,
): InspectReport => ({
  version: 1,
  command: 'inspect',
  ...commonReport(run),
  modules: [...modules],
  loads: loads.map((verdict) => ({ ...verdict })),
  commands: commands.map((verdict) => ({ ...verdict, without: [...verdict.without] })),
  ...(isLong ? { layers: layers.map((layer) => ({ ...layer, shape: layer.shape && [...layer.shape] })) } : {}),
});

/** Result of a conversion. */
export interface Conversion extends Pick<Run, 'tool' | 'milliseconds'> {
  readonly input: InputModel;
  readonly output: WriteResult;
  readonly warnings: readonly Warning[];
}

export const convertReport = ({ tool, input, output, warnings, milliseconds }: Conversion): ConvertReport => ({
  version: 1,
  command: 'convert',
  tool,
  input: { ...input, format: { ...input.format } },
  output: outputOf(output),
  warnings: warnings.map((warning) => ({ ...warning })),
  milliseconds,
});

/** Result of taking modules out. */
export interface Stripping extends Conversion {
  readonly modules: readonly RetrofittedModule[];
  /** Whether the new model computes the same as the old one. */
  readonly exact: boolean;
}

export const stripReport = ({ modules, exact, ...conversion }: Stripping): StripReport => ({
  ...convertReport(conversion),
  command: 'strip',
  modules: modules.map(({ name, stage, features }) => ({ name, stage, after: features[0]!.layer })),
  exact,
});

export const outputOf = ({ path, format, files, bytes }: WriteResult) => ({
  path,
  format: { ...format },
  files: [...files],
  bytes,
});

function commonReport(run: Run): Omit<AddReport, 'version' | 'command' | 'verified'> {
  const { tool, model, inputPath, inputFormat, layers, plan, options, output, milliseconds } = run;
  const { params, macs } = plan;
  return {
    tool,
    input: { path: inputPath, format: { ...inputFormat }, layers, bytes: model.bytes },
    output: output && outputOf(output),
    options: { ...options },
    stages: plan.stages.map(({ stage, stride, size, channels, blocks, sites, skipped }) => ({
      stage,
      stride,
      size: [...size],
      channels,
      blocks: blocks.length,
      sites: sites.length,
      skipped,
    })),
    sites: plan.sites.map(
      ({ name, stage, block, after, channels, units, placement, exactBy, params: added, macs: addedMacs }) => ({
        name,
        stage,
        block,
        after,
        channels,
        units,
        placement,
        exactBy,
        params: added,
        macs: addedMacs,
      }),
    ),
    skipped: plan.skipped.map((skipped) => ({ ...skipped })),
    params: {
      before: params.before,
      added: params.added,
      after: params.before + params.added,
      addedPercent: percentOf(params.added, params.before) ?? 0,
    },
    macs: { before: macs.before, added: macs.added, addedPercent: percentOf(macs.added, macs.before) },
    exact: plan.exact,
    warnings: runWarnings(run).map((warning) => ({ ...warning })),
    milliseconds,
  };
}

/** A report as it is printed: nothing in it moves a cursor or turns text around, and it parses to the very same. */
export const reportLine = (report: { readonly version: 1; readonly command: string }): string =>
  JSON.stringify(report).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character.replace(/[\s\S]/g, escapeUnit),
  );

// JSON's escapes are of 16 bits: a character beyond them takes two.
const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Returns the added share of a whole, in percent; null where one of the two is unknown. */
export const percentOf = (added: number | null, before: number | null): number | null =>
  added === null || before === null || before === 0 ? null : (100 * added) / before;

export const errorReport = (
  command: string,
  error: {
    readonly code: string;
    readonly message: string;
    readonly where: ErrorPlace;
    readonly hint: string | undefined;
    readonly reasons?: readonly ErrorReason[];
  },
): ErrorReport => ({
  version: 1,
  command,
  error: {
    code: error.code,
    message: errorSentence({ message: error.message, reasons: error.reasons ?? [] }),
    where: { file: error.where.file ?? null, layer: error.where.layer ?? null, field: error.where.field ?? null },
    hint: error.hint ?? null,
  },
});
