import { beforeAll, describe, expect, test } from 'vitest';
import { retrofit } from '../../src/index.js';
import { commonInputShapes, seededBatches } from '../../src/runtime/input-batches.js';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { computeGradients } from '../../src/tune/gradients.js';
import { makeNetwork } from '../../src/tune/network.js';
import { readFixture } from '../support/fixtures.js';
import { useNative } from '../support/native.js';
import { tf } from '../support/tensorflow.js';

// The gradients of a model that is taken apart and joined as a step has it, dropout left out, against those that TensorFlow.js
// finds on the cpu backend for the model as it stands.

const native = useNative();
const started = new Map<string, TensorFlow>();

beforeAll(async () => {
  started.set('wasm', await startBackend('wasm'));
  started.set('cpu', await startBackend('cpu'));
  if ('folder' in native) started.set('tensorflow', await startBackend('tfjs-node-gpu'));
});

const NAMES = ['resnet-v1', 'resnet-v2', 'mobilenet-v1', 'mobilenet-v2', 'inception', 'nested-backbone-functional'];
const BACKENDS = ['cpu', 'wasm', ...('folder' in native ? ['tensorflow'] : [])];
const BATCH = 3;

type Gradients = ReadonlyMap<string, Float32Array>;

/** Gradients by `weightKey`. */
async function gradientsOn(backend: string, name: string, isPlain: boolean): Promise<Gradients> {
  await tf.setBackend(backend);
  const tensorflow = started.get(backend)!;
  const model = retrofit(await readFixture(name), { ratio: 4, init: 'paper' });
  const loaded = await loadModel(tensorflow, model);
  const { runs } = loaded;
  const sampling = { samples: BATCH, batch: BATCH, seed: 3 };
  const [batch] = seededBatches(loaded.model, commonInputShapes(runs, runs, ''), sampling);
  const [{ values, shape }] = batch!.inputs as [(typeof batch & {})['inputs'][number]];
  const images = tf.tensor(values, [...shape]);
  const labels = Array.from({ length: BATCH }, (_, index) => index % runs.outputs[0]!.shape[1]!);
  // Takes the last softmax away, and makes the variables trainable.
  const network = makeNetwork(tensorflow, model, loaded, ['modules']);
  const variables = network.weights.trained.map(({ variable }) => variable.read() as tf.Variable);
  const onehot = tf.oneHot(tf.tensor1d(labels, 'int32'), runs.outputs[0]!.shape[1]!);
  const plainLoss = () => {
    const logits = runs.apply(images, { training: false }) as tf.Tensor2D;
    return tf.neg(tf.mean(tf.sum(tf.mul(onehot, tf.logSoftmax(logits)), 1))) as tf.Scalar;
  };
  const seen = network.look(images);
  const found = isPlain
    ? tf.variableGrads(plainLoss, variables).grads
    : computeGradients(tf, variables, () => network.judge(seen, labels, false).loss).gradients;
  const named = network.weights.trained.map(({ key, variable }) => {
    const gradient = found[(variable.read() as tf.Variable).name];
    return [key, Float32Array.from(gradient!.dataSync())] as const;
  });
  runs.dispose();
  return new Map(named);
}

describe.each(NAMES)('%s', (name) => {
  test.each(BACKENDS)('gradients on %s are those of the model as it stands', async (backend) => {
    const expected = await gradientsOn('cpu', name, true);
    const found = await gradientsOn(backend, name, false);
    const largest = Math.max(...[...expected.values()].flatMap((values) => [...values].map(Math.abs)));
    expect(largest).toBeGreaterThan(1e-6);
    expect([...found.keys()]).toEqual([...expected.keys()]);
    for (const [key, values] of found) {
      const difference = Math.max(...values.map((value, at) => Math.abs(value - expected.get(key)![at]!)));
      expect(difference / largest).toBeLessThan(1e-5);
    }
  });
});
