import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { model as functional, layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { type ImageFolder, readImageFolder } from '../../src/images/read-image-folder.js';
import { readModel } from '../../src/index.js';
import { type Excitation, type ExciteOptions, exciteModel } from '../../src/runtime/excite-model.js';
import { imageSize } from '../../src/runtime/image-input.js';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { copyFixture, makeFolders } from '../support/cli.js';
import { modelFolder } from '../support/fixtures.js';
import { patternPixels, writePng } from '../support/image-files.js';
import { saveModel } from '../support/random-retrofit.js';
import { retrofitFixture } from '../support/retrofitted.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { tf } from '../support/tensorflow.js';

const newFolder = makeFolders();
const images = temporaryFolder();
let tensorflow: TensorFlow;
let folder: ImageFolder;

beforeAll(async () => {
  tensorflow = await startBackend('wasm');
  for (const [rank, [name, count]] of Object.entries({ cat: 4, dog: 3 }).entries()) {
    for (let index = 0; index < count; index++) {
      const pixels = patternPixels(rank * 10 + index, { width: 16, height: 16, channels: 3 });
      await writePng(join(images, name, `${index}.png`), pixels);
    }
  }
  folder = await readImageFolder(images);
});

async function excite(path: string, options: Partial<ExciteOptions> = {}, given = folder): Promise<Excitation> {
  const loaded = await loadModel(tensorflow, await readModel(path));
  return exciteModel(tensorflow, loaded, given, {
    size: imageSize(loaded.runs, path),
    batch: 4,
    preprocess: 'unit',
    onSkipped: () => {},
    ...options,
  });
}

const SE = modelFolder('se-already');

test('straight after a retrofit every module is untrained; a doubled gate is exactly 1', async () => {
  for (const [name, ranges] of [
    ['resnet-cifar', [1]],
    ['densenet', [2]],
  ] as const) {
    const { output } = (await retrofitFixture(name, {}, newFolder()))!;
    const { modules } = await excite(output);
    expect(modules.length).toBeGreaterThan(1);
    expect(modules.every(({ isUntrained }) => isUntrained)).toBe(true);
    expect([...new Set(modules.map(({ range }) => range))]).toEqual(ranges);
    for (const { mean, range, variances, saturation, specificity } of modules) {
      expect([...mean].every((value) => value === range / 2)).toBe(true);
      expect([variances.total, saturation, specificity]).toEqual([0, 0, 0]);
    }
  }
});

test('neither the size of a batch nor the order of the images matters', async () => {
  const one = await excite(SE);
  expect(one.modules.some(({ isUntrained }) => !isUntrained)).toBe(true);
  expect(one.classes).toEqual([
    { name: 'cat', images: 4 },
    { name: 'dog', images: 3 },
  ]);
  const mixed = { ...folder, images: [3, 5, 0, 6, 1, 4, 2].map((index) => folder.images[index]!) };
  for (const other of [await excite(SE, { batch: 1 }), await excite(SE, { batch: 32 }), await excite(SE, {}, mixed)]) {
    expect(other.classes).toEqual(one.classes);
    for (const [index, module] of one.modules.entries()) {
      const same = other.modules[index]!;
      for (const [channel, value] of module.mean.entries()) expect(same.mean[channel]).toBeCloseTo(value, 6);
      for (const [channel, value] of module.classes[1]!.mean.entries()) {
        expect(same.classes[1]!.mean[channel]).toBeCloseTo(value, 6);
      }
      expect(same.specificity).toBeCloseTo(module.specificity, 4);
      expect(same.saturation).toBe(module.saturation);
    }
  }
});

test('progress counts images, tensors do not stay, and the model is itself again', async () => {
  const loaded = await loadModel(tensorflow, await readModel(SE));
  const progress: string[] = [];
  const look = () =>
    exciteModel(tensorflow, loaded, folder, {
      size: imageSize(loaded.runs, SE),
      batch: 3,
      preprocess: 'unit',
      onSkipped: () => {},
      onProgress: (done, total) => progress.push(`${done}/${total}`),
    });
  const tensors = tf.memory().numTensors;
  const first = await look();
  expect(progress).toEqual(['3/7', '6/7', '7/7']);
  expect(tf.memory().numTensors).toBe(tensors);
  expect(loaded.runs.layers.some((layer) => Object.hasOwn(layer, 'call'))).toBe(false);
  expect(await look()).toEqual(first);
});

/** An SE module around a nested model's convolution, called once or twice, and its gates for some pixels. */
async function nestedTwice(path: string): Promise<(pixels: tf.Tensor4D) => readonly Float32Array[]> {
  const init = { kernelInitializer: 'randomNormal' } as const;
  const inner = (() => {
    const input = layers.input({ shape: [16, 16, 3], name: 'inner_input' });
    const features = layers
      .conv2d({ filters: 3, kernelSize: 3, padding: 'same', name: 'conv', ...init })
      .apply(input) as SymbolicTensor;
    const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(features);
    const reduced = layers
      .dense({ units: 4, activation: 'relu', name: 'reduce', biasInitializer: 'ones', ...init })
      .apply(pooled);
    const gate = layers
      .dense({
        units: 3,
        activation: 'sigmoid',
        name: 'expand',
        kernelInitializer: 'randomUniform',
        biasInitializer: 'randomNormal',
      })
      .apply(reduced);
    const reshaped = layers.reshape({ targetShape: [1, 1, 3], name: 'reshape' }).apply(gate) as SymbolicTensor;
    const scaled = layers.multiply({ name: 'scale' }).apply([features, reshaped]) as SymbolicTensor;
    return {
      net: functional({ inputs: input, outputs: scaled, name: 'inner' }),
      gates: functional({ inputs: input, outputs: reshaped }),
    };
  })();
  const input = layers.input({ shape: [16, 16, 3], name: 'image' });
  const once = inner.net.apply(input) as SymbolicTensor;
  const halved = layers.averagePooling2d({ poolSize: [1, 1], name: 'same' }).apply(once) as SymbolicTensor;
  const twice = inner.net.apply(halved) as SymbolicTensor;
  const output = layers
    .dense({ units: 2, name: 'classes' })
    .apply(layers.globalAveragePooling2d({ name: 'head' }).apply(twice));
  await saveModel(functional({ inputs: input, outputs: output as SymbolicTensor }), path);
  return (pixels) => {
    const first = inner.gates.predict(pixels) as tf.Tensor;
    const second = inner.gates.predict(inner.net.predict(pixels) as tf.Tensor) as tf.Tensor;
    return [first.dataSync() as Float32Array, second.dataSync() as Float32Array];
  };
}

test('a nested model that is called twice: one module, each call an observation', async () => {
  const path = newFolder();
  const gatesOf = await nestedTwice(path);
  const { modules } = await excite(path, { batch: 2 });
  expect(modules.map(({ name, channels }) => [name, channels])).toEqual([['scale', 3]]);
  const all = folder.images.map((_, index) => {
    const { data } = patternPixels(index < 4 ? index : 10 + index - 4, { width: 16, height: 16, channels: 3 });
    return gatesOf(
      tf.tensor4d(
        Float32Array.from(data, (value) => value / 255),
        [1, 16, 16, 3],
      ),
    );
  });
  for (let channel = 0; channel < 3; channel++) {
    const values = all.flatMap((calls) => calls.map((gates) => gates[channel]!));
    expect(new Set(values).size).toBeGreaterThan(7);
    expect(modules[0]!.mean[channel]).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 6);
    const ofCats = values.slice(0, 8);
    expect(modules[0]!.classes[0]!.mean[channel]).toBeCloseTo(ofCats.reduce((sum, value) => sum + value, 0) / 8, 6);
  }
  expect(modules[0]!.classes.map(({ observations }) => observations)).toEqual([8, 6]);
});

test('images that cannot be decoded are left out and reported', async () => {
  const broken = join(newFolder(), 'broken.png');
  const skipped: string[] = [];
  const some = { ...folder, images: [...folder.images, { path: broken, label: 1 }] };
  const { images: count, classes } = await excite(SE, { onSkipped: ({ path }) => skipped.push(path) }, some);
  expect([count, classes[1]!.images, skipped]).toEqual([7, 3, [broken]]);
});

test('a model without modules', async () => {
  await expect(excite(modelFolder('resnet-cifar'))).rejects.toMatchObject({ kind: 'input', code: 'no-modules' });
});

test('gates that are no numbers', async () => {
  const path = copyFixture('se-already', newFolder());
  const weights = readFileSync(join(path, 'weights.bin'));
  weights.writeFloatLE(Number.NaN, 0);
  writeFileSync(join(path, 'weights.bin'), weights);
  // The ReLU of the wasm backend makes 0 of NaN.
  tensorflow = await startBackend('cpu');
  await expect(excite(path)).rejects.toMatchObject({
    kind: 'input',
    code: 'not-finite',
    where: { file: join(path, 'model.json'), layer: 'conv2_block1_se_scale' },
  });
  tensorflow = await startBackend('wasm');
  await expect(excite(path)).rejects.toMatchObject({ code: 'not-finite', where: { file: join(path, 'model.json') } });
});

test('what TensorFlow.js does not compute', async () => {
  const wrong = { height: 16, width: 16, channels: 3 } as const;
  await expect(excite(SE, { size: wrong })).rejects.toMatchObject({
    kind: 'input',
    code: 'cannot-compute',
    where: { file: join(SE, 'model.json') },
  });
});
