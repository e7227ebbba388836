import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { inspect, readModel } from '../../src/index.js';
import { addWeight } from '../cli/refused.js';
import { type BuiltModel, buildModel, graph, groupOf, input, layer, writeBuilt } from '../support/model-builder.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { loadModel, useBackend } from '../support/tensorflow.js';

// Whether TensorFlow.js loads a model is what real TensorFlow.js says.

const folder = temporaryFolder();
let count = 0;

beforeAll(() => useBackend('cpu'));

async function judge(model: BuiltModel) {
  const path = join(folder, `${count++}`);
  writeBuilt(path, model);
  const loads = await loadModel(path).then(
    (loaded) => {
      loaded.dispose();
      return true;
    },
    () => false,
  );
  const verdict = inspect(await readModel(path)).loads.find(({ loader }) => loader === 'tfjs')!;
  return { loads, verdict };
}

const ADAM = { class_name: 'Adam', config: { learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 } };
const GOOD = { optimizer_config: ADAM, loss: 'categorical_crossentropy', metrics: ['accuracy'] };

describe('compile settings beside the topology', () => {
  const losses =
    'mean_squared_error mean_absolute_error squared_hinge logcosh log_cosh poisson cosine_proximity mse huber';
  const metrics = 'acc ce crossentropy precision cosine mse MAE categorical_accuracy recall AUC mean_squared_error';
  const optimizers = 'SGD Adagrad Adadelta RMSProp RMSprop Nadam AdamW Custom>Adam';

  test.each<[name: string, settings: unknown, field?: string]>([
    ['all right', GOOD],
    ['none', null],
    ['nothing in them', {}, 'optimizer_config'],
    ['a list', [], 'optimizer_config'],
    ['loss weights', { ...GOOD, loss_weights: [1] }, 'loss_weights'],
    ['no loss weights', { ...GOOD, loss_weights: null, weighted_metrics: null, sample_weight_mode: null }],
    ['weighted metrics', { ...GOOD, weighted_metrics: [] }, 'weighted_metrics'],
    ['a sample weight mode', { ...GOOD, sample_weight_mode: 'temporal' }, 'sample_weight_mode'],
    ['no loss', { ...GOOD, loss: null }, 'loss'],
    ['an object for a loss', { ...GOOD, loss: { class_name: 'Huber', config: {} } }, 'loss.class_name'],
    ['a loss for each output', { ...GOOD, loss: ['meanSquaredError'] }],
    ['too many losses', { ...GOOD, loss: ['mean_squared_error', 'mean_squared_error'] }, 'loss'],
    ['an object in a list of losses', { ...GOOD, loss: [{ class_name: 'Huber', config: {} }] }, 'loss'],
    ['a loss by output', { ...GOOD, loss: { classes: 'mean_squared_error' } }],
    ['a loss of no output', { ...GOOD, loss: { nobody: 'mean_squared_error' } }, 'loss.nobody'],
    ['no metrics', { ...GOOD, metrics: null }],
    ['one metric', { ...GOOD, metrics: 'acc' }],
    ['metrics by output', { ...GOOD, metrics: { classes: 'acc' } }],
    ['a list of metrics by output', { ...GOOD, metrics: { classes: ['acc', 'categoricalAccuracy'] } }],
    ['words of Python in such a list', { ...GOOD, metrics: { classes: ['categorical_accuracy'] } }, 'metrics'],
    ['a list in the list of metrics', { ...GOOD, metrics: [['accuracy', 'categorical_accuracy', 'ours']] }],
    ['nothing in the list of metrics', { ...GOOD, metrics: [null] }, 'metrics'],
    ['an object for a metric', { ...GOOD, metrics: [{ class_name: 'AUC', config: {} }] }, 'metrics'],
    ['no optimizer', { loss: GOOD.loss, metrics: GOOD.metrics }, 'optimizer_config'],
  ])('%s', async (_, trainingConfig, field) => {
    const model = buildModel();
    Object.assign(model.json, { trainingConfig });
    const { loads, verdict } = await judge(model);
    expect(verdict.ok).toBe(loads);
    expect(verdict.blockedBy?.field).toBe(field && `trainingConfig.${field}`);
  });

  test.each([
    ...losses.split(' ').map((loss) => [`the loss ${loss}`, { ...GOOD, loss }] as const),
    ...metrics.split(' ').map((metric) => [`the metric ${metric}`, { ...GOOD, metrics: [metric] }] as const),
    ...optimizers
      .split(' ')
      .map(
        (name) =>
          [
            `the optimizer ${name}`,
            { ...GOOD, optimizer_config: { class_name: name, config: { learning_rate: 0.1, momentum: 0.9 } } },
          ] as const,
      ),
  ])('%s', async (_, trainingConfig) => {
    const model = buildModel();
    Object.assign(model.json, { trainingConfig });
    const { loads, verdict } = await judge(model);
    expect(verdict.ok).toBe(loads);
  });

  test('inside the topology, where TensorFlow.js does not look', async () => {
    const model = buildModel();
    Object.assign(model.json.modelTopology, { training_config: { ...GOOD, loss_weights: [1] } });
    expect(await judge(model)).toMatchObject({ loads: true, verdict: { ok: true } });
  });
});

describe('cells of an RNN', () => {
  const cell = (className: string, more: Record<string, unknown> = {}) => ({
    class_name: className,
    config: { name: className.toLowerCase(), units: 4, use_bias: false, recurrent_initializer: 'zeros', ...more },
  });
  const stacked = (...cells: unknown[]) => ({ class_name: 'StackedRNNCells', config: { name: 'stack', cells } });

  function build(held: unknown, weights: readonly (readonly [string, readonly number[]])[]): BuiltModel {
    const model = buildModel();
    const layers = [input('steps', [5, 4]), layer('RNN', 'rnn', { cell: held }, ['steps'])];
    model.json.modelTopology.config = graph('network', layers, ['steps'], ['rnn']);
    groupOf(model).weights = [];
    model.files.set('weights.bin', new Uint8Array());
    for (const [name, shape] of weights) addWeight(model, `rnn/${name}`, shape);
    return model;
  }

  const SIMPLE = [
    ['RNNCell_0/kernel', [4, 4]],
    ['RNNCell_0/recurrent_kernel', [4, 4]],
  ] as const;

  test.each<[name: string, cell: unknown, weights: Parameters<typeof build>[1]]>([
    [
      'one that is there',
      cell('SimpleRNNCell'),
      [
        ['kernel', [4, 4]],
        ['recurrent_kernel', [4, 4]],
      ],
    ],
    ["one of somebody's own", cell('OurCell'), []],
    [
      'the newer GRU',
      cell('GRUCell', { reset_after: true }),
      [
        ['kernel', [4, 12]],
        ['recurrent_kernel', [4, 12]],
      ],
    ],
    ["one of somebody's own among others", stacked(cell('SimpleRNNCell'), cell('OurCell')), SIMPLE],
    ['others', stacked(cell('SimpleRNNCell')), SIMPLE],
  ])('%s', async (_, held, weights) => {
    const { loads, verdict } = await judge(build(held, weights));
    expect(verdict.ok).toBe(loads);
    if (!loads) expect(verdict.blockedBy!.layer).toBe('rnn');
  });
});
