import { join } from 'node:path';
import { expect } from 'vitest';
import { type RetrofitOptions, readModel, retrofit, writeModel } from '../../src/index.js';
import type { Extension, Oracle, SavedModel } from './oracle.js';

/** The ways in which Keras saves a model that we read. */
export const CONTAINERS = ['.keras', '.h5', '.weights.h5', '.legacy.h5'] as const;
export type KerasContainer = (typeof CONTAINERS)[number];

/** What Keras itself saves and cannot load again. */
const UNLOADABLE: Readonly<Record<string, readonly string[]>> = {
  keras2: ['equal_names.h5', 'equal_names.legacy.h5'],
  keras3: [
    'operations.h5',
    'operations.legacy.h5',
    'mobilenet_v3.h5',
    'bfloat16_weights.h5',
    'bfloat16_weights.legacy.h5',
    'float8_dense.h5',
    'float8_dense.legacy.h5',
    'masked.h5',
    'augmented_everywhere.h5',
    'augmented_anew.h5',
    'preprocessed.h5',
    'normalized.h5',
  ],
};

/** Whether a Keras loads what it saved of a model, by the file's name. */
export const loadsItsOwn = (kind: string, file: string): boolean => UNLOADABLE[kind]?.includes(file) !== true;

/** A model as Keras saved it: a file, or the weights with their architecture. */
export const savedAs = (folder: string, name: string, container: KerasContainer): SavedModel =>
  filesOf(container).length === 1
    ? join(folder, name + container)
    : { json: join(folder, `${name}.json`), weights: join(folder, name + container) };

/** The files that Keras has to save for it. */
export const filesOf = (container: KerasContainer): readonly Extension[] =>
  container === '.keras' || container === '.h5' ? [container] : ['.json', container];

export const readSaved = (saved: SavedModel) =>
  typeof saved === 'string' ? readModel(saved) : readModel(saved.json, { weights: saved.weights });

/** Retrofits a saved model beside it. */
export async function retrofitSaved(
  saved: SavedModel,
  to: string,
  options: Partial<RetrofitOptions> = {},
): Promise<SavedModel> {
  const after = retrofit(await readSaved(saved), options);
  const isFile = typeof saved === 'string';
  const path = isFile ? `${to}${saved.slice(saved.lastIndexOf('.'))}` : `${to}.json`;
  const { files } = await writeModel(after, path, { force: true });
  if (isFile) return path;
  const weights = files.find((file) => file.endsWith('.h5'))!;
  return { json: path, weights: join(to, '..', weights) };
}

/** Random state is drawn anew whenever Keras loads a model. */
const isWeight = (name: string) => !name.includes('seed_generator');

/** Real Keras loads both, computes the very same numbers, and finds every old tensor, doubled or not. */
export async function expectExact(
  keras: Oracle,
  before: SavedModel,
  after: SavedModel,
  options: { readonly custom?: boolean; readonly modes?: readonly string[] } = {},
): Promise<void> {
  const { outputs, weights } = await keras.compare(before, after, { modes: ['eager'], weights: true, ...options });
  expect(outputs.length).toBeGreaterThan(0);
  for (const output of outputs) {
    expect(output).toMatchObject({ eager: 0, finite: true, varied: true });
    if (output.predict === undefined) continue;
    // A compiler that rounds the model itself by more rounds both, each in its own way.
    expect(output.predict).toBeLessThanOrEqual(Math.max(1e-6 * output.largest!, 2 * (output.rounding ?? 0)));
  }
  if (weights === undefined) expect.fail('the weights were not compared');
  expect(weights.other.filter(isWeight)).toEqual([]);
  expect([...weights.missing, ...weights.halved]).toEqual([]);
  expect(weights.added.length).toBeGreaterThan(0);
  expect(weights.added.filter((name) => !name.includes('se_'))).toEqual([]);
}

/** Two engines add in different orders: they agree to 1e-5 of the largest number, or better. */
export function expectClose(actual: Float32Array, expected: Float32Array, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = expected.reduce((most, value, index) => Math.max(most, Math.abs(value - actual[index]!)), 0);
  expect(difference).toBeLessThanOrEqual(tolerance * Math.max(largest, 1e-3));
}
