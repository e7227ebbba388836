import { beforeAll, describe, expect, test } from 'vitest';
import { readModel, retrofit, writeModel } from '../../src/index.js';
import { commonInputShapes, type InputBatch, seededBatches } from '../../src/runtime/input-batches.js';
import { type LoadedModel, loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { verifyModels } from '../../src/runtime/verify-models.js';
import { allValues } from '../support/all-values.js';
import { BIN, runProgram } from '../support/cli.js';
import { LOADABLE_NAMES, modelFolder, readFixture } from '../support/fixtures.js';
import { useNative } from '../support/native.js';
import { planOrNothing } from '../support/retrofitted.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { tf } from '../support/tensorflow.js';
import { makeExamples, trainOnce } from '../support/tuning.js';
import { byTurns } from '../support/turns.js';

const native = useNative();
const title = 'reason' in native ? `a native backend (${native.reason})` : 'a native backend';
const models = temporaryFolder();
const SAMPLING = { samples: 2, batch: 2, seed: 1 };

describe.skipIf('reason' in native)(title, () => {
  const { folder } = native as { readonly folder: string };
  let tensorflow: TensorFlow;

  beforeAll(async () => {
    await startBackend('wasm');
    await startBackend('cpu');
    tensorflow = await startBackend('tfjs-node-gpu');
  });

  /** Loads a fixture while a backend computes. */
  async function on<T>(backend: string, name: string, compute: (model: LoadedModel, batch: InputBatch) => Promise<T>) {
    await tf.setBackend(backend);
    const loaded = await loadModel(tensorflow, await readFixture(name));
    const [batch] = seededBatches(loaded.model, commonInputShapes(loaded.runs, loaded.runs, ''), SAMPLING);
    const result = await compute(loaded, batch!);
    loaded.runs.dispose();
    return result;
  }

  const outputs = async ({ runs }: LoadedModel, { inputs }: InputBatch): Promise<readonly Float32Array[]> => {
    const computed = runs.predictOnBatch(inputs.map(({ values, shape }) => tf.tensor(values, [...shape])));
    return Promise.all([computed].flat().map(async (output) => Float32Array.from(await output.data())));
  };

  test('says what it is', () => {
    expect(tensorflow.backend).toBe('tfjs-node-gpu');
    expect(tf.getBackend()).toBe('tensorflow');
  });

  test.each(byTurns(LOADABLE_NAMES, 7))('%s: the numbers of the wasm backend', async (name) => {
    const [expected, found] = [await on('wasm', name, outputs), await on('tensorflow', name, outputs)];
    expect(found.length).toBe(expected.length);
    for (const [index, values] of expected.entries()) expectClose(found[index]!, values, 1e-5);
  });

  test.each(byTurns(LOADABLE_NAMES, 7, 1))('%s: a retrofit computes the very same', async (name) => {
    await tf.setBackend('tensorflow');
    const model = await readFixture(name);
    const plan = planOrNothing(model, {});
    if (plan === undefined) return;
    const [first, second] = [await loadModel(tensorflow, model), await loadModel(tensorflow, retrofit(model, plan))];
    const batches = seededBatches(first.model, commonInputShapes(first.runs, second.runs, ''), SAMPLING);
    const found = await verifyModels(tensorflow, first, second, batches, { time: false });
    expect(found).toMatchObject({ identical: true, maxAbsDiff: 0 });
  });

  test.each(['resnet-v1', 'mobilenet-v2'])('%s: a training step is that of the cpu backend', async (name) => {
    const step = async ({ runs }: LoadedModel, { inputs }: InputBatch): Promise<readonly Float32Array[]> => {
      runs.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
      const x = inputs.map(({ values, shape }) => tf.tensor(values, [...shape]));
      const y = tf.zeros(runs.outputs[0]!.shape.map((size) => size ?? SAMPLING.samples));
      await runs.trainOnBatch(x, y);
      return Promise.all(runs.trainableWeights.map(async (weight) => Float32Array.from(await weight.read().data())));
    };
    const start = await on('tensorflow', name, async ({ runs }) =>
      Promise.all(runs.trainableWeights.map(async (weight) => Float32Array.from(await weight.read().data()))),
    );
    const [expected, found] = [await on('cpu', name, step), await on('tensorflow', name, step)];
    expect(found.some((values, index) => values.some((value, at) => value !== start[index]![at]))).toBe(true);
    for (const [index, values] of expected.entries()) expectClose(found[index]!, values, 1e-4);
  });

  const TRAINED = [
    { dialect: 'keras2', train: ['all'] },
    { dialect: 'keras3', train: ['all'] },
    { dialect: 'keras3', train: ['norms'] },
  ] as const;
  test.each(byTurns(TRAINED, 3))(
    'norms in training compute as on the cpu backend: $dialect, $train',
    async ({ dialect, train }) => {
      const path = `${models}/${dialect}-${train}.keras`;
      await writeModel(retrofit(await readFixture('resnet-v1')), path, { dialect });
      const examples = makeExamples(16, 32 ** 2 * 3, 5, 1);
      const options = { batch: 8, learningRate: 1e-3, train };
      const onBackend = async (backend: 'cpu' | 'tfjs-node-gpu') => {
        const { losses, model, tensors } = await trainOnce(
          await startBackend(backend),
          await readModel(path),
          examples,
          options,
        );
        return { losses, tensors, values: await allValues(model) };
      };
      const [expected, found] = [await onBackend('cpu'), await onBackend('tfjs-node-gpu')];
      for (const [step, loss] of found.losses.entries()) expect(loss).toBeCloseTo(expected.losses[step]!, 4);
      expect(new Set(found.tensors).size).toBe(1);
      const statistics = [...expected.values].filter(([name]) => /moving_|gamma|beta/.test(name));
      expect(statistics.length).toBeGreaterThan(8);
      for (const [name, values] of statistics) expectClose(numbersIn(found.values.get(name)!), numbersIn(values), 1e-3);
    },
  );

  test('signals that come while it computes do no harm', async () => {
    // Of a size that oneDNN computes in one thread; its heap was corrupt behind a few hundred of them.
    const program = `
      const tf = require(require.resolve('@tensorflow/tfjs-node-gpu', { paths: [${JSON.stringify(folder)}] }));
      let signals = 0;
      process.on('SIGUSR2', () => signals++);
      const x = tf.randomUniform([1, 14, 14, 1024], -1, 1, 'float32', 1);
      const filter = tf.randomUniform([1, 1, 1024, 256], -1, 1, 'float32', 2);
      const compute = () => Buffer.from(tf.tidy(() => tf.conv2d(x, filter, 1, 'same').dataSync()).buffer);
      const expected = compute();
      const send = 'while kill -USR2 ' + process.pid + '; do sleep 0.001; done';
      const sender = require('node:child_process').spawn('sh', ['-c', send], { stdio: 'ignore' });
      let [same, all] = [0, 0];
      const go = () => {
        all++;
        if (compute().equals(expected)) same++;
        if (signals < 1000) return setImmediate(go);
        sender.kill();
        console.log(same === all ? 'the same' : 'others');
        sender.on('exit', () => process.exit(0));
      };
      go();`;
    const env = { TF_CPP_MIN_LOG_LEVEL: '2' };
    const result = await runProgram(process.execPath, ['-e', program], { env });
    expect(result).toMatchObject({ code: 0, stdout: 'the same\n' });
  });

  test('from the command line, on a Node whose util lacks what 23 took out', async () => {
    const model = modelFolder('resnet-v1');
    const without = "import util from 'node:util'; delete util.isNullOrUndefined; delete util.isArray;";
    const words = ['--import', `data:text/javascript,${encodeURIComponent(without)}`, BIN, 'verify', model, model];
    const env = { SE_RETROFIT_NATIVE: folder };
    const result = await runProgram(process.execPath, [...words, '--backend', 'tfjs-node-gpu'], { env });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/identical, bit for bit \(4 examples, tfjs-node-gpu\)/);
  });
});

/** The numbers of a weight as `allValues` gives it. */
const numbersIn = (value: string): Float32Array =>
  new Float32Array(Uint8Array.from(Buffer.from(value.slice(value.lastIndexOf(' ')), 'base64')).buffer);

function expectClose(found: Float32Array, expected: Float32Array, share: number): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  const difference = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - found[at]!)), 0);
  expect(found.length).toBe(expected.length);
  expect(difference / largest).toBeLessThanOrEqual(share);
}
