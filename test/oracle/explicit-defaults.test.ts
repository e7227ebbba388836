import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layers as kinds, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { inspect, readModel, writeModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { loadModel, predict, seededInputs, tf, useBackend } from '../support/tensorflow.js';
import { describeOracle, numbersOf, oracle, tensorOf } from './oracle.js';
import { expectClose } from './saved-models.js';
import { expectCloseInTensorFlowJs } from './tensorflowjs.js';

// What TensorFlow.js takes for fields that are null or not there, in models that people made or repaired by hand.

const folder = temporaryFolder();
beforeAll(() => useBackend('cpu'));

type Config = Record<string, unknown>;

/** Fields that TensorFlow.js fills in where they are null, and some that the classes do not have. */
const NULLS = [
  'use_bias',
  'padding',
  'dilation_rate',
  'groups',
  'data_format',
  'activity_regularizer',
  'center',
  'scale',
];
const MORE = ['axis', 'epsilon', 'momentum', 'pool_size', 'kernel_constraint', 'trainable', 'batch_size', 'alpha'];

/** Writes a model as TensorFlow.js saves it, each layer's config changed, and those of the layers inside. */
async function writeChanged(
  layers: readonly ReturnType<typeof kinds.dense>[],
  to: string,
  change: (config: Config) => void,
) {
  const place = join(folder, to);
  const model = sequential({ layers: [...layers] });
  const random = model.getWeights().map(({ shape }, index) => tf.randomUniform(shape, 0.1, 0.9, 'float32', index + 1));
  model.setWeights(random);
  await model.save({
    save: async ({ modelTopology, weightSpecs, weightData }) => {
      const changeAll = (value: unknown): void => {
        if (typeof value !== 'object' || value === null) return;
        const { class_name: className, config } = value as { class_name?: string; config?: Config };
        if (className !== undefined && config !== undefined && ('trainable' in config || 'sparse' in config))
          change(config);
        Object.values(value).forEach(changeAll);
      };
      const topology = JSON.parse(JSON.stringify(modelTopology));
      changeAll(topology);
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      mkdirSync(place);
      writeFileSync(join(place, 'weights.bin'), Buffer.from(weightData as ArrayBuffer));
      writeFileSync(join(place, 'model.json'), JSON.stringify({ modelTopology: topology, weightsManifest }));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  tf.dispose(random);
  model.dispose();
  return place;
}

const nullAll = (config: Config) => {
  for (const field of [...NULLS, ...MORE]) config[field] = null;
};
const unsaid = (config: Config) => {
  if ('recurrent_activation' in config) {
    delete config.recurrent_activation;
    delete config.reset_after;
  }
  config.use_bias = null;
};

/** TensorFlow.js needs more of itself to draw an orthogonal one. */
const ZEROS = { recurrentInitializer: 'zeros' } as const;

const CASES = [
  {
    name: 'images',
    change: (config: Config) => {
      nullAll(config);
      if (config.activation === 'linear' && !('units' in config || 'filters' in config)) delete config.activation;
    },
    layers: () => [
      kinds.inputLayer({ inputShape: [8, 8, 3] }),
      kinds.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }),
      kinds.batchNormalization(),
      kinds.leakyReLU({ alpha: 0.3 }),
      kinds.maxPooling2d({}),
      kinds.separableConv2d({ filters: 5, kernelSize: 2 }),
      kinds.activation({ activation: 'linear' }),
      kinds.globalAveragePooling2d({}),
      kinds.dense({ units: 3, activation: 'softmax' }),
    ],
  },
  {
    name: 'steps',
    change: unsaid,
    layers: () => [
      kinds.inputLayer({ inputShape: [6, 4] }),
      kinds.bidirectional({
        layer: kinds.lstm({ units: 3, ...ZEROS, returnSequences: true }) as never,
        mergeMode: 'concat',
      }),
      kinds.gru({ units: 4, ...ZEROS, returnSequences: true }),
      kinds.lstm({ units: 3, ...ZEROS }),
    ],
  },
  {
    name: 'a softmax of no axis',
    change: (config: Config) => {
      if (config.axis === 1) config.axis = null;
    },
    layers: () => [kinds.inputLayer({ inputShape: [4] }), kinds.softmax({ axis: 1 })],
  },
  {
    name: 'plain steps',
    change: (config: Config) => {
      if ('return_sequences' in config) config.activation = null;
    },
    layers: () => [
      kinds.inputLayer({ inputShape: [6, 4] }),
      kinds.simpleRNN({ units: 3, ...ZEROS, returnSequences: true }),
      kinds.simpleRNN({ units: 3, ...ZEROS }),
    ],
  },
];

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'null means what it means in TensorFlow.js', (keras) => {
    test.each(CASES)('$name', async ({ name, change, layers }) => {
      const place = await writeChanged(layers() as never, `${name}-${kind}`, change);
      const loaded = await loadModel(place);
      const inputs = seededInputs(loaded, 1);
      const expected = predict(loaded, inputs);
      const asked = inputs.map((tensor) => tensorOf(tensor.shape, tensor.dataSync() as Float32Array));
      for (const ending of ['.h5', '.keras']) {
        const write = async () => writeModel(await readModel(place), place + ending, { dialect: kind });
        if (kind === 'keras3' && name === 'steps') {
          // The function that TensorFlow.js takes there is another one in Keras 3.
          await expect(write()).rejects.toMatchObject({ where: { field: 'recurrent_activation' } });
          continue;
        }
        const { path } = await write();
        const { outputs } = await keras.outputs(path, { inputs: asked });
        for (const [index, output] of outputs.entries()) expectClose(numbersOf(output), expected[index]!, 2e-6);
      }
      tf.dispose(inputs);
      loaded.dispose();
    });
  });
}

/** Gates of LSTM and ConvLSTM, and both kinds of GRU, are other ones in each loader where nothing is said. */
const UNSAID = {
  lstm: 'x = L.LSTM(3, return_sequences=True)(x); x = L.Bidirectional(L.LSTM(2))(x)',
  gru: 'x = L.Bidirectional(L.GRU(3, return_sequences=True))(x); x = L.RNN(L.GRUCell(3), return_sequences=True)(x); x = L.GRU(2)(x)',
};

describeOracle('keras2', 'what is not there means what it means in Keras 2', (keras) => {
  test.each(Object.entries(UNSAID))('%s', async (name, code) => {
    const place = join(folder, `unsaid-${name}`);
    const [json, weights] = [`${place}.json`, `${place}.weights.h5`];
    await keras.build(`x = i = L.Input((6, 4)); ${code}; model = keras.Model(i, x)`, [json, weights]);
    const said = readFileSync(json, 'utf8');
    const text = said
      .replaceAll(/"(?:recurrent_activation|reset_after)": [^,}]+, /g, '')
      .replaceAll(/, "reset_after": true/g, '');
    expect(text).not.toMatch(/recurrent_activation|reset_after/);
    const expected = await keras.outputs({ json, weights });
    writeFileSync(json, text);
    expect(await keras.outputs({ json, weights }, { inputs: expected.inputs })).toMatchObject({
      outputs: expected.outputs,
    });
    const model = await readModel(json, { weights });
    const { path } = await writeModel(model, `${place}.keras`, { dialect: 'keras3' });
    const moved = await oracle('keras3').outputs(path, { inputs: expected.inputs });
    expectClose(numbersOf(moved.outputs[0]!), numbersOf(expected.outputs[0]!), 1e-6);
    const web = async () => writeModel(model, place);
    const verdict = inspect(model).loads.find(({ loader }) => loader === 'tfjs');
    if (name === 'gru') {
      expect(verdict).toMatchObject({ ok: false, blockedBy: { field: 'reset_after' } });
      await expect(web()).rejects.toMatchObject({ where: { field: 'reset_after' } });
    } else {
      await web();
      await expectCloseInTensorFlowJs(place, expected, 1e-6);
    }
  });
});
