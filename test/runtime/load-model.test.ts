import { afterAll, beforeAll, expect, test } from 'vitest';
import { readModel } from '../../src/index.js';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { LOADABLE_NAMES, modelFolder, readFixture } from '../support/fixtures.js';
import { buildModel, groupOf, input, layer, WEIGHT_FILE, writeBuilt } from '../support/model-builder.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { firstDifference, loadModel as loadFile, predict, seededInputs, tf } from '../support/tensorflow.js';

let tensorflow: TensorFlow;
beforeAll(async () => {
  tensorflow = await startBackend('wasm');
});
afterAll(() => tf.disposeVariables());

test.each(LOADABLE_NAMES)('%s: converted in memory it computes what the file does', async (name) => {
  const [ours, theirs] = [await loadModel(tensorflow, await readFixture(name)), await loadFile(modelFolder(name))];
  const inputs = seededInputs(theirs, 1);
  expect(firstDifference(predict(theirs, inputs), predict(ours.runs, inputs))).toBeUndefined();
});

test('an LSTM, whose Orthogonal initialiser TensorFlow.js cannot draw from by itself', async () => {
  const model = buildModel();
  const config = {
    units: 1,
    activation: 'tanh',
    recurrent_activation: 'sigmoid',
    recurrent_initializer: { class_name: 'Orthogonal', config: { gain: 1, seed: null } },
    use_bias: true,
    unit_forget_bias: true,
    implementation: 2,
    dtype: 'float32',
  };
  const { config: graph } = model.json.modelTopology;
  graph.layers = [input('steps', [2, 1]), layer('LSTM', 'memory', config, ['steps'])];
  [graph.input_layers, graph.output_layers] = [[['steps', 0, 0]], [['memory', 0, 0]]];
  // Of the gates: input, forget, candidate, output.
  const [kernel, recurrent, bias] = [
    [0.5, -0.4, 0.9, 0.3],
    [0.2, 0.6, -0.7, 0.1],
    [0.1, 1, -0.2, 0.4],
  ] as const;
  groupOf(model).weights = [
    { name: 'memory/lstm_cell/kernel', shape: [1, 4], dtype: 'float32' },
    { name: 'memory/lstm_cell/recurrent_kernel', shape: [1, 4], dtype: 'float32' },
    { name: 'memory/lstm_cell/bias', shape: [4], dtype: 'float32' },
  ];
  model.files.set(WEIGHT_FILE, new Uint8Array(Float32Array.from([...kernel, ...recurrent, ...bias]).buffer));
  const { runs } = await loadModel(tensorflow, await readModel(writeBuilt(temporaryFolder(), model)));

  const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
  let [state, output] = [0, 0];
  const steps = [0.8, -1.5];
  for (const step of steps) {
    const [into, forget, candidate, out] = kernel.map(
      (weight, gate) => weight * step + recurrent[gate]! * output + bias[gate]!,
    );
    state = sigmoid(forget!) * state + sigmoid(into!) * Math.tanh(candidate!);
    output = sigmoid(out!) * Math.tanh(state);
  }
  const computed = runs.predict(tf.tensor3d([steps.map((step) => [step])])) as tf.Tensor;
  expect((await computed.data())[0]).toBeCloseTo(output, 5);
});
