import { createHash } from 'node:crypto';
import { z } from 'zod';
import { usageError } from '../errors.js';
import { MAX_JSON_BYTES } from '../limits.js';
import { replaceFile } from '../storage/replace-file.js';
import type { Storage } from '../storage/storage.js';

// The file: 8 bytes of magic, the length of the header as a little-endian uint32, the header as JSON, then all values as
// little-endian float32, in the order of the header's `values`.

const MAGIC = new TextEncoder().encode('se-tune1');
const START = MAGIC.length + 4;
/** The one file of a folder of checkpoints. */
export const CHECKPOINT_NAME = 'tune.checkpoint';

const judgedSchema = z.object({ loss: z.number(), accuracy: z.number() });
const epochSchema = z.object({
  epoch: z.number(),
  loss: z.number(),
  accuracy: z.number(),
  validationLoss: z.number(),
  validationAccuracy: z.number(),
});

const stateSchema = z.object({
  /** Inputs of the run; see `fingerprint`. */
  given: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  before: judgedSchema,
  /** Epochs that are done. */
  epochs: z.array(epochSchema).min(1),
  skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
});

const headerSchema = stateSchema.extend({
  version: z.literal(1),
  sha256: z.string(),
  values: z.array(z.object({ name: z.string(), length: z.int().nonnegative() })),
});

export type Judged = Readonly<z.infer<typeof judgedSchema>>;
export type Epoch = Readonly<z.infer<typeof epochSchema>>;

/** State that a run needs to go on, between two epochs. */
export interface Checkpoint {
  readonly given: Readonly<Record<string, string | number | boolean | null>>;
  readonly before: Judged;
  readonly epochs: readonly Epoch[];
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** Weights, moments, and the weights of the best epoch so far. */
  readonly values: ReadonlyMap<string, Float32Array>;
}

/** Writes a checkpoint into a folder in place of the previous one; one of the two is always there, whole. */
export const writeCheckpoint = (storage: Storage, folder: string, checkpoint: Checkpoint): Promise<void> =>
  replaceFile(storage, folder, CHECKPOINT_NAME, serializeCheckpoint(checkpoint));

/**
 * Refuses a folder that no checkpoint could be written into; leaves nothing.
 * @throws RetrofitError `output-exists`, `cannot-write`
 */
export async function checkCheckpointPlace(storage: Storage, folder: string): Promise<void> {
  await (await storage.beginFiles(folder, [CHECKPOINT_NAME], true)).discard();
}

/**
 * Reads the checkpoint of a folder; undefined where there is none.
 * @throws RetrofitError `bad-checkpoint` for a file that is not a checkpoint, or is damaged
 */
export async function findCheckpoint(storage: Storage, folder: string): Promise<Checkpoint | undefined> {
  const path = storage.join(folder, CHECKPOINT_NAME);
  if ((await storage.kindOf(path)) !== 'file') return undefined;
  const found = await storage.findFile(path);
  const file = await storage.open(found);
  try {
    return parseCheckpoint(await file.read(0, found.byteLength), path);
  } finally {
    await file.close();
  }
}

/** The parts of a checkpoint's file. */
export function serializeCheckpoint({ values, ...state }: Checkpoint): readonly Uint8Array[] {
  const bytes = [...values.values()].map((each) => new Uint8Array(each.buffer, each.byteOffset, each.byteLength));
  const header = JSON.stringify({
    version: 1,
    ...state,
    sha256: digest(bytes),
    values: [...values].map(([name, { length }]) => ({ name, length })),
  });
  const text = new TextEncoder().encode(header);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, text.byteLength, true);
  return [MAGIC, length, text, ...bytes];
}

/** @throws RetrofitError `bad-checkpoint` */
export function parseCheckpoint(bytes: Uint8Array, path: string): Checkpoint {
  const bad = (what: string) =>
    usageError('bad-checkpoint', `the checkpoint ${what}`, {
      where: { file: path },
      hint: 'give another folder with --checkpoints, or start anew with --force and without --resume',
    });
  if (bytes.byteLength < START || MAGIC.some((byte, index) => bytes[index] !== byte)) throw bad('is none of tune');
  const textLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  if (textLength > MAX_JSON_BYTES || START + textLength > bytes.byteLength) throw bad('is cut off');
  const header = headerSchema.safeParse(parseJson(bytes.subarray(START, START + textLength)));
  if (!header.success) throw bad('has a header that is not of this version of se-retrofit');
  const { values, sha256, version: _, ...state } = header.data;
  // Copied: floats begin at multiples of four bytes.
  const stored = new Uint8Array(bytes.subarray(START + textLength));
  const total = values.reduce((sum, { length }) => sum + 4 * length, 0);
  if (stored.byteLength !== total || digest([stored]) !== sha256) throw bad('is damaged');
  let start = 0;
  const read = values.map(({ name, length }) => {
    const own = new Float32Array(stored.buffer, start, length);
    start += 4 * length;
    return [name, own] as const;
  });
  return { ...state, values: new Map(read) };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function digest(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
