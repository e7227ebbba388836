import * as tf from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { nameProblem, properName } from '../../src/layers/layer-names.js';
import { useBackend } from '../support/tensorflow.js';

beforeAll(() => useBackend('cpu'));

const NAMES = [
  'conv',
  'Conv_1',
  'a/b',
  'a.b',
  'a-b',
  '1a',
  'café',
  '卷积',
  '_a',
  '-a',
  '.a',
  'a b',
  'a:0',
  'a>b',
  'a\\b',
];

async function loads(name: string): Promise<boolean> {
  const config = { name, units: 2, batch_input_shape: [null, 3] };
  const modelTopology = { class_name: 'Sequential', config: { name: 's', layers: [{ class_name: 'Dense', config }] } };
  try {
    await tf.loadLayersModel({ load: async () => ({ modelTopology }) }, { strict: false });
    return true;
  } catch {
    return false;
  }
}

test.each(NAMES)('%s: TensorFlow.js takes the names of layers that it is said to take', async (name) => {
  expect(nameProblem(name, 'tfjs') === undefined).toBe(await loads(name));
  expect(await loads(properName(name, 'tfjs'))).toBe(true);
});
