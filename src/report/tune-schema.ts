import { z } from 'zod';
import { inputSchema, outputSchema, warningsSchema } from './report-schemas.js';

const judgedSchema = z.object({ loss: z.number(), accuracy: z.number() });

/** Report of `tune --json`. Accuracies are shares from 0 to 1; `before` and `after` are of the validation images. */
export const tuneReportSchema = z.object({
  version: z.literal(1),
  command: z.literal('tune'),
  tool: z.string(),
  input: inputSchema,
  /** `changed`: the files of weights that are not, byte for byte, the model's; `changedBytes`: all of them together. */
  output: outputSchema.extend({ changed: z.array(z.string()), changedBytes: z.number() }),
  options: z.record(z.string(), z.unknown()),
  backend: z.string(),
  classes: z.array(z.string()),
  images: z.object({
    training: z.number(),
    validation: z.number(),
    height: z.number(),
    width: z.number(),
    skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
  }),
  loss: z.enum(['categorical', 'binary']),
  head: z.enum(['kept', 'new']),
  params: z.object({ trained: z.number() }),
  trained: z.object({ parameters: z.number(), of: z.number() }),
  /**
   * Null with a new head: then `fitted` is the evaluation with only that head fitted to the images, nothing else
   * trained.
   */
  before: judgedSchema.nullable(),
  fitted: judgedSchema.nullable(),
  after: judgedSchema,
  /** The epoch that was written; 0: none, but the new head alone. */
  best: z.number(),
  epochs: z.array(
    z.object({
      epoch: z.number(),
      loss: z.number(),
      accuracy: z.number(),
      validationLoss: z.number(),
      validationAccuracy: z.number(),
    }),
  ),
  warnings: warningsSchema,
  milliseconds: z.number(),
});

export type TuneReport = z.infer<typeof tuneReportSchema>;
