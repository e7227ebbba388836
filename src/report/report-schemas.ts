import { z } from 'zod';

// The JSON that `--json` prints. These shapes are a contract: fields are added, never renamed or removed.

const formatSchema = z.object({
  container: z.enum(['tfjs', 'keras-h5', 'keras-json', 'keras-zip']),
  dialect: z.enum(['keras2', 'keras3']),
  weightLayout: z.enum(['tfjs-manifest', 'legacy-hdf5', 'weights-hdf5']),
});

const unknownNumber = z.number().nullable();

const inputSchema = z.object({ path: z.string(), format: formatSchema, layers: z.number(), bytes: z.number() });
const outputSchema = z.object({
  path: z.string(),
  format: formatSchema,
  files: z.array(z.string()),
  bytes: z.number(),
});
const warningsSchema = z.array(z.object({ code: z.string(), message: z.string(), where: z.string().nullable() }));

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

/** What a number is null for: one model gives NaN or infinity where the other gives something else. */
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
  /** What was found of the first model's weights, without computing. */
  weights: z.object({
    checked: z.number(),
    doubled: z.number(),
    quantized: z.number(),
    added: z.number(),
    changed: z.array(
      z.object({ layer: z.string(), weight: z.string(), reason: z.enum(['missing', 'shape', 'values', 'doubled']) }),
    ),
  }),
};

/** What `add --json` prints. `verified` is null without `--verify`; `output` is when the model differs. */
export const addReportSchema = z.object({
  ...reportFields,
  command: z.literal('add'),
  verified: z.object(verificationFields).nullable(),
});

/** What `inspect --json` prints. */
export const inspectReportSchema = z.object({
  ...reportFields,
  command: z.literal('inspect'),
  modules: z.array(z.object({ name: z.string(), stage: z.number(), block: unknownNumber, kind: z.string() })),
  loads: z.array(
    z.object({
      loader: z.enum(['tfjs', 'keras2', 'keras3']),
      ok: z.boolean(),
      blockedBy: z.object({ layer: z.string(), field: z.string(), reason: z.string() }).nullable(),
    }),
  ),
});

/** What `convert --json` prints. */
export const convertReportSchema = z.object({
  version: z.literal(1),
  command: z.literal('convert'),
  tool: z.string(),
  input: inputSchema,
  output: outputSchema,
  warnings: warningsSchema,
  milliseconds: z.number(),
});

/** What `verify --json` prints, when the models differ too. */
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

/** What `backends --json` prints. */
export const backendsReportSchema = z.object({
  version: z.literal(1),
  command: z.literal('backends'),
  tool: z.string(),
  node: z.string(),
  /** What `--backend auto` takes. */
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

/** What any command with `--json` prints when it fails. */
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
export type VerifyReport = z.infer<typeof verifyReportSchema>;
export type BackendsReport = z.infer<typeof backendsReportSchema>;
export type ErrorReport = z.infer<typeof errorReportSchema>;
