import { z } from 'zod';
import { CONTAINERS } from '../containers.js';
import { DIALECTS, LOADERS, WEIGHT_LAYOUTS } from '../format-names.js';

// The JSON that `--json` prints. These shapes are a contract: fields are added, never renamed or removed.

const formatSchema = z.object({
  container: z.enum(CONTAINERS),
  dialect: z.enum(DIALECTS),
  weightLayout: z.enum(WEIGHT_LAYOUTS),
});

const unknownNumber = z.number().nullable();

export const inputSchema = z.object({ path: z.string(), format: formatSchema, layers: z.number(), bytes: z.number() });
export const outputSchema = z.object({
  path: z.string(),
  format: formatSchema,
  files: z.array(z.string()),
  bytes: z.number(),
});
export const warningsSchema = z.array(
  z.object({ code: z.string(), message: z.string(), where: z.string().nullable() }),
);

const reportFields = {
  version: z.literal(1),
  tool: z.string(),
  input: inputSchema,
  output: outputSchema.nullable(),
  options: z.record(z.string(), z.unknown()),
  stages: z.array(
    z.object({
      stage: z.number(),
      stride: z.number(),
      size: z.array(unknownNumber),
      channels: unknownNumber,
      blocks: z.number(),
      sites: z.number(),
      skipped: z.boolean(),
    }),
  ),
  sites: z.array(
    z.object({
      name: z.string(),
      stage: z.number(),
      block: unknownNumber,
      after: z.string(),
      channels: z.number(),
      units: z.number(),
      placement: z.enum(['standard', 'pre', 'post', 'identity']),
      exactBy: z.enum(['norm', 'conv', 'dense', 'branches', 'consumers', 'doubled-gate']).nullable(),
      params: z.number(),
      macs: unknownNumber,
    }),
  ),
  skipped: z.array(z.object({ layer: z.string(), stage: z.number(), reason: z.string() })),
  params: z.object({ before: z.number(), added: z.number(), after: z.number(), addedPercent: z.number() }),
  macs: z.object({ before: unknownNumber, added: unknownNumber, addedPercent: unknownNumber }),
  exact: z.boolean(),
  warnings: warningsSchema,
  milliseconds: z.number(),
};

/** Largest difference; null where one model gives NaN or infinity and the other gives something else. */
const differenceSchema = z.number().nullable();

const backendSchema = z.enum(['tfjs-node-gpu', 'tfjs-node', 'wasm', 'cpu']);

const verificationFields = {
  /** Whether every number of every output is the same, bit for bit. */
  identical: z.boolean(),
  maxAbsDiff: differenceSchema,
  outputs: z.array(z.object({ name: z.string(), maxAbsDiff: differenceSchema })),
  /** The first layer of the second model, nested models before it, that gives other numbers than in the first. */
  firstDifference: z.string().nullable(),
  backend: backendSchema,
  /** Examples that both computed. */
  examples: z.number(),
  /** Numbers of all outputs, and those among them that are NaN in both models: they count as equal, and say nothing. */
  numbers: z.number(),
  bothNaN: z.number(),
  /** Layers that are of another class or set otherwise in the second model. */
  layersChanged: z.array(z.object({ layer: z.string(), field: z.string() })),
  /** Comparison of the first model's weights with the second's, without computing. */
  weights: z.object({
    checked: z.number(),
    doubled: z.number(),
    quantized: z.number(),
    added: z.number(),
    onlyModules: z.boolean(),
    changed: z.array(
      z.object({ layer: z.string(), weight: z.string(), reason: z.enum(['missing', 'shape', 'values', 'doubled']) }),
    ),
  }),
};

/** Report of `add --json`. `verified` is null without `--verify`; `output` is null when the model differs. */
export const addReportSchema = z.object({
  ...reportFields,
  command: z.literal('add'),
  verified: z.object(verificationFields).nullable(),
});

const blockedBy = z.object({ layer: z.string(), field: z.string(), reason: z.string() }).nullable();

/** Report of `inspect --json`. */
export const inspectReportSchema = z.object({
  ...reportFields,
  command: z.literal('inspect'),
  modules: z.array(z.object({ name: z.string(), stage: z.number(), block: unknownNumber, kind: z.string() })),
  loads: z.array(z.object({ loader: z.enum(LOADERS), ok: z.boolean(), blockedBy })),
  /** Which commands can compute with the model, and without which of its layers they do. */
  commands: z.array(
    z.object({
      command: z.enum(['verify', 'excite', 'tune', 'bake']),
      ok: z.boolean(),
      blockedBy,
      without: z.array(z.string()),
    }),
  ),
  /** With `--layers`. */
  layers: z
    .array(
      z.object({
        name: z.string(),
        className: z.string(),
        shape: z.array(unknownNumber).nullable(),
        stage: z.number(),
      }),
    )
    .optional(),
});

/** Report of `convert --json`. */
export const convertReportSchema = z.object({
  version: z.literal(1),
  command: z.literal('convert'),
  tool: z.string(),
  input: inputSchema,
  output: outputSchema,
  warnings: warningsSchema,
  milliseconds: z.number(),
});

const gateList = z.array(z.number());

/** Report of `excite --json`. Shares are from 0 to 1. */
export const exciteReportSchema = z.object({
  version: z.literal(1),
  command: z.literal('excite'),
  tool: z.string(),
  input: inputSchema,
  /** Can be given back as `--config`. */
  options: z.record(z.string(), z.unknown()),
  /** Images that were computed. */
  images: z.number(),
  preprocess: z.string(),
  backend: z.string(),
  classes: z.array(z.object({ name: z.string(), images: z.number() })),
  blocks: z.array(
    z.object({
      name: z.string(),
      stage: z.number(),
      block: unknownNumber,
      channels: z.number(),
      params: z.number(),
      /** Largest value of a gate: 2 where it is doubled. */
      range: z.number(),
      mean: gateList,
      /** Standard deviation from image to image. */
      deviation: gateList,
      /** Mean gates of every class; where there are more than 100, or some were chosen, of the chosen ones. */
      perClass: z.record(z.string(), gateList),
      /** Share of the variance that the classes explain; 0 where it cannot be known. */
      specificity: z.number(),
      saturation: z.number(),
      /** Root mean square deviation from image to image, as a share of the range. */
      spread: z.number(),
      untrained: z.boolean(),
    }),
  ),
  stages: z.array(
    z.object({
      stage: z.number(),
      modules: z.number(),
      params: z.number(),
      specificity: z.number(),
      saturation: z.number(),
      spread: z.number(),
      /** The part of the spread that is between classes; null where it cannot be known. */
      classSpread: unknownNumber,
      untrained: z.boolean(),
    }),
  ),
  recommend: z.object({
    code: z.enum(['says-little', 'untrained', 'unknown-classes', 'all-say-little', 'all-needed', 'answers-change']),
    skipStages: z.array(z.number()),
    savesParams: z.number(),
    /** Share of the answers that change with the gates in question at their means; null where it was not measured. */
    changed: unknownNumber,
    reason: z.string(),
    /** The next command; null where nothing is to be done. */
    next: z.string().nullable(),
  }),
  /** Images that could not be decoded. */
  skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
  output: z.object({ path: z.string(), files: z.array(z.string()), bytes: z.number(), csv: z.string().nullable() }),
  warnings: warningsSchema,
  milliseconds: z.number(),
});

/** Report of `bake --json`. Shares are from 0 to 1. */
export const bakeReportSchema = z.object({
  version: z.literal(1),
  command: z.literal('bake'),
  tool: z.string(),
  input: inputSchema,
  output: outputSchema,
  /** Can be given back as `--config`. */
  options: z.record(z.string(), z.unknown()),
  images: z.number(),
  preprocess: z.string(),
  backend: z.string(),
  /** Modules that are gone, where their mean gates went, and how much the gates moved from image to image. */
  modules: z.array(
    z.object({
      name: z.string(),
      stage: unknownNumber,
      road: z.enum(['upstream', 'downstream', 'fixed']),
      spread: z.number(),
    }),
  ),
  kept: z.array(z.object({ name: z.string(), reason: z.enum(['varies', 'no-place']), spread: z.number() })),
  /** Accuracy on these images; null where their classes are not the model's. */
  accuracy: z.object({ before: z.number(), after: z.number() }).nullable(),
  params: z.object({ before: z.number(), after: z.number() }),
  skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
  warnings: warningsSchema,
  milliseconds: z.number(),
});

/** Report of `strip --json`. */
export const stripReportSchema = z.object({
  version: z.literal(1),
  command: z.literal('strip'),
  tool: z.string(),
  input: inputSchema,
  output: outputSchema,
  modules: z.array(z.object({ name: z.string(), stage: unknownNumber, after: z.string() })),
  exact: z.boolean(),
  warnings: warningsSchema,
  milliseconds: z.number(),
});

/** Report of `verify --json`, also when the models differ. */
export const verifyReportSchema = z.object({
  version: z.literal(1),
  command: z.literal('verify'),
  tool: z.string(),
  before: inputSchema,
  after: inputSchema,
  tolerance: z.number(),
  ...verificationFields,
  /** Images that cannot be decoded. */
  skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
  /** Milliseconds an example. */
  timing: z.object({ before: z.number(), after: z.number(), ratio: z.number() }).nullable(),
  milliseconds: z.number(),
});

/** Report of `backends --json`. */
export const backendsReportSchema = z.object({
  version: z.literal(1),
  command: z.literal('backends'),
  tool: z.string(),
  node: z.string(),
  /** The backend that `--backend auto` chooses. */
  chosen: backendSchema.nullable(),
  /** In the order in which they are tried. */
  backends: z.array(
    z.object({
      name: backendSchema,
      runs: z.boolean(),
      reason: z.string().nullable(),
      usesGpu: z.boolean(),
      versions: z.object({ tfjs: z.string(), tensorflow: z.string().nullable() }).nullable(),
      matmul: z.object({ milliseconds: z.number(), gflops: z.number() }).nullable(),
      install: z.string(),
    }),
  ),
  milliseconds: z.number(),
});

/** Report of any command with `--json` that fails. */
export const errorReportSchema = z.object({
  version: z.literal(1),
  command: z.string(),
  error: z.object({
    code: z.string(),
    message: z.string(),
    where: z.object({ file: z.string().nullable(), layer: z.string().nullable(), field: z.string().nullable() }),
    hint: z.string().nullable(),
  }),
});

export type AddReport = z.infer<typeof addReportSchema>;
export type InspectReport = z.infer<typeof inspectReportSchema>;
export type ConvertReport = z.infer<typeof convertReportSchema>;
export type BakeReport = z.infer<typeof bakeReportSchema>;
export type ExciteReport = z.infer<typeof exciteReportSchema>;
export type StripReport = z.infer<typeof stripReportSchema>;
export type VerifyReport = z.infer<typeof verifyReportSchema>;
export type BackendsReport = z.infer<typeof backendsReportSchema>;
/** Report of `add --json` with `--output-dir`: of each model its report or its error, in the order in which they were given. */
export const addSeveralReportSchema = z.object({
  version: z.literal(1),
  command: z.literal('add'),
  tool: z.string(),
  models: z.array(z.union([addReportSchema, errorReportSchema])),
  milliseconds: z.number(),
});

export type AddSeveralReport = z.infer<typeof addSeveralReportSchema>;
export type ErrorReport = z.infer<typeof errorReportSchema>;
