import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { imageBatches } from '../../src/images/image-batches.js';
import { readImageFolder } from '../../src/images/read-image-folder.js';
import { readModel } from '../../src/index.js';
import { type Excitation, type ExcitedModule, exciteModel } from '../../src/runtime/excite-model.js';
import { defaultPreprocess, imageSize } from '../../src/runtime/image-input.js';
import { listGates } from '../../src/runtime/list-gates.js';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { patternPixels, writePng } from '../support/image-files.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { isTurnOf } from '../support/turns.js';
import { describeOracle, numbersOf, type Oracle, tensorOf } from './oracle.js';
import { retrofitSaved, savedAs } from './saved-models.js';

// What excite says of a model's gates, against the gates that real Keras computes of the same pixels with models that end
// there.

const TOLERANCE = 1e-5;
const IMAGES: Readonly<Record<string, number>> = { cat: 5, dog: 3, 'wide duck': 4 };
const SIDE = 16;

const folder = temporaryFolder();
const images = join(folder, 'images');
let tensorflow: TensorFlow;

beforeAll(async () => {
  tensorflow = await startBackend('wasm');
  for (const [rank, [name, count]] of Object.entries(IMAGES).entries()) {
    for (let index = 0; index < count; index++) {
      const pixels = patternPixels(rank * 10 + index, { width: SIDE, height: SIDE, channels: 3 });
      const shaded = pixels.data.map((value) => (value * (rank + 2)) / 5);
      await writePng(join(images, name, `${index}.png`), { ...pixels, data: shaded });
    }
  }
});

/** Networks that get modules, and those that have some of their own. */
const RETROFITTED = ['residual_shortcut_first', 'mobilenet_v2', 'dense_block', 'nested_functional', 'shared_layers'];
const FOREIGN = ['se_already', 'efficientnet', 'mobilenet_v3'];

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'means and deviations of gates', (keras) => {
    test.each([...RETROFITTED, ...FOREIGN].filter((_, index) => isTurnOf(kind, index, 4)))('%s', async (name) => {
      const path = await makeModel(keras, kind, name);
      const excitation = await excite(path);
      expect(excitation.images).toBe(12);
      expect(excitation.classes).toEqual(Object.entries(IMAGES).map(([name, images]) => ({ name, images })));
      const real = await realGates(keras, path);
      expect(excitation.modules.length).toBe(real.length);
      for (const [index, module] of excitation.modules.entries()) expectSame(module, real[index]!);
      const spreads = real.map((calls) => spreadOf(calls.flatMap((gates) => [...gates])));
      expect(Math.max(...spreads)).toBeGreaterThan(0.01);
      // With random weights a module may be dead.
      expect(excitation.modules.map(({ isUntrained }) => isUntrained)).toEqual(spreads.map((spread) => spread === 0));
      if (name === 'shared_layers') expect(real.map((calls) => calls.length)).toEqual([2, 1]);
      if (name === 'dense_block') expect(excitation.modules.map(({ range }) => range)).toContain(2);
    });
  });
}

async function makeModel(keras: Oracle, kind: string, name: string): Promise<string> {
  const place = join(folder, `${kind}-${name}`);
  await keras.make(name, place, ['.keras']);
  const saved = savedAs(place, name, '.keras');
  if (FOREIGN.includes(name)) return saved as string;
  const trained = join(place, 'trained.keras');
  await keras.randomised(await retrofitSaved(saved, join(place, 'after'), { ratio: 2 }), trained);
  return trained;
}

async function excite(path: string): Promise<Excitation> {
  const loaded = await loadModel(tensorflow, await readModel(path));
  const size = imageSize(loaded.runs, path);
  const preprocess = defaultPreprocess(loaded.model);
  return exciteModel(tensorflow, loaded, await readImageFolder(images), {
    size: { ...size, height: SIDE, width: SIDE },
    batch: 5,
    preprocess,
    onSkipped: ({ path: skipped }) => expect(skipped).toBe('readable'),
  });
}

/** The gates of every module: for each of its calls, the rows of all images, by class. */
async function realGates(keras: Oracle, path: string): Promise<readonly (readonly Float32Array[])[]> {
  const model = await readModel(path);
  const { images: files } = await readImageFolder(images);
  const size = { height: SIDE, width: SIDE, channels: 3 } as const;
  const options = { size, batch: 99, preprocess: defaultPreprocess(model), onSkipped: () => {} };
  const { value: batch } = await imageBatches(files, options).next();
  const inputs = [tensorOf([files.length, SIDE, SIDE, 3], batch!.pixels)];
  const scales = new Map(listGates(model).map(({ scale, input }) => [JSON.stringify(scale), { path: scale, input }]));
  const found = await keras.gates(path, [...scales.values()], inputs);
  return found.map((calls) => calls.map(numbersOf));
}

/** Two-pass sums over the real gates: all, and each class; range, saturation and specificity by their definitions. */
function expectSame(module: ExcitedModule, calls: readonly Float32Array[]): void {
  const { channels, range } = module;
  const counts = Object.values(IMAGES);
  const labels = counts.flatMap((count, label) => Array.from({ length: count }, () => label));
  const rows = calls.flatMap((gates) =>
    labels.map((label, image) => ({ label, values: [...gates.subarray(image * channels, (image + 1) * channels)] })),
  );
  expect(calls.every((gates) => gates.length === labels.length * channels)).toBe(true);
  const values = rows.flatMap((row) => row.values);
  expect(Math.max(...values)).toBeLessThanOrEqual(range);
  const near = values.filter((value) => value < 0.1 * range || value > 0.9 * range).length;
  expect(module.saturation).toBeCloseTo(near / values.length, 9);

  let [between, within] = [0, 0];
  for (let channel = 0; channel < channels; channel++) {
    const all = momentsOf(rows.map((row) => row.values[channel]!));
    expect(Math.abs(module.mean[channel]! - all.mean)).toBeLessThan(TOLERANCE);
    expect(Math.abs(module.deviation[channel]! - Math.sqrt(all.squares / (rows.length - 1)))).toBeLessThan(TOLERANCE);
    const classes = counts.map((_, label) =>
      momentsOf(rows.filter((row) => row.label === label).map((row) => row.values[channel]!)),
    );
    for (const [label, { count, mean, squares }] of classes.entries()) {
      const gates = module.classes[label]!;
      expect(gates.observations).toBe(count);
      expect(Math.abs(gates.mean[channel]! - mean)).toBeLessThan(TOLERANCE);
      expect(Math.abs(gates.deviation[channel]! - Math.sqrt(squares / (count - 1)))).toBeLessThan(TOLERANCE);
      between += count * (mean - all.mean) ** 2;
      within += squares;
    }
  }
  const noise = within / (rows.length - counts.length);
  const omega = (between - (counts.length - 1) * noise) / (between + within + noise);
  expect(module.specificity).toBeCloseTo(within === 0 ? 0 : Math.max(0, omega), 3);
}

const spreadOf = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);

function momentsOf(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { count: values.length, mean, squares: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) };
}
