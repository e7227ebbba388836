import { beforeAll, describe, expect, test } from 'vitest';
import { readModel } from '../../src/index.js';
import { readImageInput } from '../../src/model/image-input.js';
import { defaultPreprocess, imageSize } from '../../src/runtime/image-input.js';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { makeFolders } from '../support/cli.js';
import { readFixture, readTopology } from '../support/fixtures.js';
import { buildModel, layer, layerOf, layersOf, writeBuilt } from '../support/model-builder.js';

const newFolder = makeFolders();
let tensorflow: TensorFlow;
beforeAll(async () => {
  tensorflow = await startBackend('cpu');
});

const sizeOf = async (name: string) => imageSize((await loadModel(tensorflow, await readFixture(name))).runs, name);

describe('the size of images', () => {
  test('as the input says it', async () => {
    expect(await sizeOf('resnet-cifar')).toEqual({ height: 16, width: 16, channels: 3, isAssumed: false });
  });

  test.each([
    [[null, 8], 'has an input of 1 dimension'],
    [[null, 8, 8], 'has an input of 2 dimensions'],
    [[null], 'has an input of 0 dimensions'],
  ])('no images for the shape %j', (shape, problem) => {
    expect(readImageInput([shape])).toEqual({ problem });
  });

  test('224 where it is open', async () => {
    expect(await sizeOf('resnet-null-sizes')).toEqual({ height: 224, width: 224, channels: 3, isAssumed: true });
  });

  test.each(['multi-io', 'siamese', 'conv1d-residual'])('%s takes no images', async (name) => {
    await expect(sizeOf(name)).rejects.toMatchObject({
      kind: 'input',
      code: 'not-an-image-model',
      where: { file: name },
    });
  });
});

describe('preprocessing by default', () => {
  test('none where the model rescales', () => {
    expect(defaultPreprocess(readTopology('efficientnet-b0'))).toBe('none');
  });

  test('pixels / 255 where it does not', async () => {
    expect(defaultPreprocess(await readFixture('resnet-cifar'))).toBe('unit');
  });

  test.each([
    ['stem', 'none'],
    ['sum', 'unit'],
  ])('a Rescaling counts in front of the weights alone: in front of %s, %s', async (name, expected) => {
    const model = buildModel();
    const reader = layerOf(model, name);
    const [[[before]]] = reader.inbound_nodes as [[[string]]];
    layersOf(model).push(layer('Rescaling', 'rescaling', { scale: 0.5, offset: 0 }, [before]));
    (reader.inbound_nodes as [[[string]]])[0][0][0] = 'rescaling';
    const read = await readModel(writeBuilt(newFolder(), model));
    expect(defaultPreprocess(read)).toBe(expected);
    expect(defaultPreprocess((await loadModel(tensorflow, read)).model)).toBe(expected);
  });
});
