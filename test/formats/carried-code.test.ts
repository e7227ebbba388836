import { describe, expect, test } from 'vitest';
import { listWarnings } from '../../src/formats/carried-code.js';
import { SEQUENTIAL_TEXT } from '../../src/formats/dialects/sequential-text.js';
import { fromPlain, type JsonObject, type PlainObject } from '../../src/json/json-value.js';
import { type Graph, newLayer } from '../../src/model/model.js';
import { MODEL_NAMES, readFixture, readTopology, TOPOLOGY_EXPECTATIONS } from '../support/fixtures.js';

/** The messages for a graph of one layer. */
function messagesOf(entry: PlainObject & { class_name: string; config: PlainObject }): readonly string[] {
  const layer = { ...newLayer(entry.class_name, 'x', entry.config), entry: fromPlain(entry) as JsonObject };
  const graph: Graph = {
    name: 'model',
    kind: 'functional',
    layers: [layer],
    inputs: [],
    outputs: [],
    isFrozen: false,
    read: {
      dialect: 'keras2',
      className: 'Functional',
      config: fromPlain({}),
      entry: layer.entry,
      layers: [layer],
      outputs: [],
      sequentialText: SEQUENTIAL_TEXT,
    },
  };
  return listWarnings(graph).map(({ message }) => message);
}

describe('what Keras and TensorFlow.js ship is no code', () => {
  test.each(MODEL_NAMES)('%s', async (name) => {
    const { warnings } = await readFixture(name);
    expect(warnings.filter(({ code }) => code === 'carried-code')).toEqual([]);
  });

  test.each(Object.keys(TOPOLOGY_EXPECTATIONS))('%s', (name) => {
    const messages = listWarnings(readTopology(name).graph).map(({ message }) => message);
    // keras.applications keeps these two where load_model does not look for them.
    expect(messages.filter((message) => !/"(LayerScale|StochasticDepth)"/.test(message))).toEqual([]);
  });

  const builtIn = { module: 'keras', registered_name: null };
  const policy = { ...builtIn, class_name: 'DTypePolicy', config: { name: 'mixed_float16' } };
  const tensor = { class_name: '__keras_tensor__', config: { shape: [null, 4], keras_history: ['x', 0, 0] } };

  test.each<[name: string, entry: Parameters<typeof messagesOf>[0]]>([
    ['an operation', { module: 'keras.src.ops.numpy', class_name: 'GetItem', config: { name: 'x' } }],
    [
      'an operation that quantises',
      { module: 'keras.src.quantizers.quantizers', class_name: 'FakeQuantWithMinMaxVars', config: { name: 'x' } },
    ],
    [
      'a layer that tf-keras registers',
      { class_name: 'CustomScaleLayer', config: { scale: 1 }, registered_name: 'Custom>CustomScaleLayer' },
    ],
    [
      'a dtype policy',
      { ...builtIn, class_name: 'Dense', config: { units: 4, dtype: policy, activation: 'tanh_shrink' } },
    ],
    [
      'tensors in a call',
      { ...builtIn, class_name: 'Add', config: {}, inbound_nodes: [{ args: [[tensor]], kwargs: {} }] },
    ],
    ['short names', { class_name: 'Dense', config: { kernel_initializer: 'he_normal', kernel_regularizer: 'l1_l2' } }],
    ['old names', { class_name: 'Dense', config: { kernel_initializer: { class_name: 'HeNormalV2', config: {} } } }],
    [
      'a function by its name',
      { class_name: 'Dense', config: { activation: { module: 'builtins', class_name: 'function', config: 'relu' } } },
    ],
    [
      'a layer as an activation',
      { class_name: 'Dense', config: { activation: { ...builtIn, class_name: 'LeakyReLU', config: {} } } },
    ],
    ['cells', { class_name: 'RNN', config: { cell: { class_name: 'LSTMCell', config: { activation: 'tanh' } } } }],
  ])('%s', (_, entry) => {
    expect(messagesOf(entry)).toEqual([]);
  });

  test('in the entry of a nested model', () => {
    const ours = { class_name: 'Ours', config: {} };
    const config = { name: 'x', layers: [ours] };
    const inner: Graph = { name: 'x', kind: 'sequential', layers: [], inputs: [], outputs: [], isFrozen: false };
    const messagesFor = (more: PlainObject, shell: PlainObject = {}) => {
      const entry = fromPlain({ class_name: 'Sequential', config: { ...config, ...shell }, ...more }) as JsonObject;
      const layer = { ...newLayer('Sequential', 'x', {}), entry, graph: inner };
      return listWarnings({ ...inner, kind: 'functional', layers: [layer] }).map(({ message }) => message);
    };
    expect(messagesFor({})).toEqual([]);
    expect(messagesFor({}, { dtype: ours })).toEqual([expect.stringMatching(/"dtype" is of the class "Ours"/)]);
    expect(messagesFor({ compile_config: { loss: ours } })).toEqual([
      expect.stringMatching(/"compile_config\.loss" is of the class/),
    ]);
  });

  test('an operation of another module', () => {
    expect(messagesOf({ module: 'our.ops', class_name: 'GetItem', config: {} })).toHaveLength(1);
  });
});

// As tf-keras 2.21 and Keras 3.15 write them: fixtures of real files would hold the same text.
describe('compile settings', () => {
  const keras = (className: string, config: PlainObject = {}, module = 'keras.losses') => ({
    module,
    class_name: className,
    config,
    registered_name: null,
  });
  const own = (className: string, registered = className) => ({
    module: null,
    class_name: className,
    config: { reduction: 'auto', name: null },
    registered_name: registered,
  });
  const func = (name: string) => ({
    module: 'builtins',
    class_name: 'function',
    config: name,
    registered_name: 'function',
  });
  const lambda = { class_name: '__lambda__', config: { value: ['4wEA', null, null] } };
  const adam = { name: 'Adam', weight_decay: null, learning_rate: 0.001, amsgrad: false };
  const messages = (settings: PlainObject, model: PlainObject = { class_name: 'Functional', config: {} }) => {
    const graph = readTopology('vgg16').graph;
    const around = { model: fromPlain(model), settings: { compile_config: fromPlain(settings) } };
    // In the object of the model or beside it: the words are the same.
    const inside = listWarnings(graph, { model: fromPlain({ ...model, compile_config: settings }), settings: {} });
    expect(inside).toEqual(listWarnings(graph, around));
    return listWarnings(graph, around).map(({ message }) => message);
  };

  test.each<[name: string, settings: PlainObject]>([
    ['nothing', { optimizer: null, loss: null, metrics: null, weighted_metrics: null, loss_weights: null }],
    ['names', { optimizer: 'adam', loss: 'mse', metrics: ['accuracy', 'AUC', 'crossentropy'] }],
    ['names by output', { optimizer: 'rmsprop', loss: { a: 'huber', b: 'mae' }, metrics: { a: ['acc'], b: [] } }],
    ['names of TensorFlow.js', { loss: 'categorical_crossentropy', metrics: ['categoricalAccuracy', 'cosine'] }],
    ['objects', { loss: [keras('Huber', { fn: 'huber' })], metrics: [[keras('AUC', { curve: 'ROC' })]] }],
    ['a function that is there', { metrics: [keras('MeanMetricWrapper', { fn: func('mean_squared_error') })] }],
    [
      'an optimizer as tf-keras registers it',
      { optimizer_config: { class_name: 'Custom>Adam', config: adam }, loss: 'mse' },
    ],
    [
      'a schedule',
      {
        optimizer: keras(
          'Adam',
          { ...adam, learning_rate: keras('ExponentialDecay', { decay_steps: 10 }, 'keras.optimizers.schedules') },
          'keras.optimizers',
        ),
      },
    ],
  ])('%s: no code', (_, settings) => {
    expect(messages(settings)).toEqual([]);
  });

  test.each<[name: string, settings: PlainObject, message: RegExp]>([
    ['a loss by name', { loss: 'my_loss' }, /"compile_config\.loss" names is "my_loss"/],
    ['a lambda of an .h5 file', { loss: ['mse', '<lambda>'] }, /"compile_config\.loss\[1\]" names is "<lambda>"/],
    ['a loss of one output', { loss: { a: 'mse', b: 'ours' } }, /"compile_config\.loss\.b" names is "ours"/],
    ['a metric, nested', { loss: 'mse', metrics: [['acc'], ['pkg>ours']] }, /metrics\[1\]\[0\]" names is "pkg>ours"/],
    ['a weighted metric', { weighted_metrics: { a: ['ours'] } }, /weighted_metrics\.a\[0\]" names is "ours"/],
    ['an optimizer by name', { optimizer: 'ours' }, /"compile_config\.optimizer" names is "ours"/],
    ['a function', { loss: func('my_loss') }, /loss" is the function "my_loss"/],
    ['a lambda function', { metrics: [[lambda]] }, /metrics\[0\]\[0\]" carries Python code/],
    ['a class', { loss: own('MyLoss') }, /loss" is of the class "MyLoss"/],
    ['a registered class', { loss: own('Huber', 'pkg>Huber') }, /loss" is of the class "pkg>Huber"/],
    ['a class in an .h5 file', { loss: { class_name: 'pkg>Huber', config: {} } }, /loss" is of the class "pkg>Huber"/],
    ['a known class of another module', { loss: keras('Huber', {}, 'our.code') }, /from the module "our\.code"/],
    ['an optimizer', { optimizer: own('MyOptimizer') }, /optimizer" is of the class "MyOptimizer"/],
    [
      'a schedule inside an optimizer',
      { optimizer: keras('SGD', { learning_rate: own('Schedule') }, 'keras.optimizers') },
      /optimizer\.config\.learning_rate" is of the class "Schedule"/,
    ],
    [
      'what a metric wraps',
      { metrics: [[{ class_name: 'MeanMetricWrapper', config: { name: 'a_ours', fn: 'ours' } }]] },
      /metrics\[0\]\[0\]\.config\.fn" names is "ours"/,
    ],
  ])("%s of one's own", (_, settings, message) => {
    expect(messages(settings)).toEqual([expect.stringMatching(message)]);
  });

  test.each<[name: string, model: PlainObject, message: RegExp]>([
    [
      'a module',
      { module: 'our.code', class_name: 'Functional', config: {} },
      /^the model is of the class.*"our\.code"/,
    ],
    ['a registered class', own('Functional', 'ours>Net'), /^the model is of the class "ours>Net"/],
    [
      'an object in its config',
      { class_name: 'Sequential', config: { layers: [lambda], dtype: own('Policy', 'ours>Policy') } },
      /"dtype" is of the class "ours>Policy"/,
    ],
  ])('the model itself: %s', (_, model, message) => {
    expect(messages({}, model)).toEqual([expect.stringMatching(message)]);
  });
});

describe('a function of TensorFlow that Keras 2 calls when it loads a model', () => {
  const operation = (name: string, className = 'TFOpLambda') =>
    messagesOf({ class_name: className, config: { name: 'x', function: name } });

  test.each(['__operators__.add', 'math.reduce_mean', 'nn.relu6', 'concat', 'compat.v1.reshape', 'image.resize'])(
    '%s only computes',
    (name) => expect(operation(name)).toEqual([]),
  );

  test.each(['io.gfile.rmtree', 'io.write_file', 'load_op_library', 'print', 'py_function', 'raw_ops.WriteFile'])(
    '%s may do more',
    (name) => {
      for (const className of ['TFOpLambda', 'SlicingOpLambda'])
        expect(operation(name, className)).toEqual([expect.stringContaining(`"${name}"`)]);
    },
  );

  test.each([
    ['RealDiv', true],
    ['ConcatV2', true],
    ['WriteFile', false],
    ['EagerPyFunc', false],
    ['SaveV2', false],
    [undefined, false],
  ])('and the node %s of TensorFlow 2.0 to 2.3', (op, isPure) => {
    const config = { name: 'x', node_def: { name: 'x', op }, constants: {} };
    const expected = isPure ? [] : [expect.stringContaining(`the TensorFlow operation ${JSON.stringify(op ?? null)}`)];
    expect(messagesOf({ class_name: 'TensorFlowOpLayer', config })).toEqual(expected);
  });

  test('also inside a wrapper', () => {
    const inner = { class_name: 'TFOpLambda', config: { name: 'y', function: 'io.gfile.remove' } };
    expect(messagesOf({ class_name: 'TimeDistributed', config: { name: 'x', layer: inner } })).toHaveLength(1);
    const model = { class_name: 'Sequential', config: { name: 'inner', layers: [inner] } };
    expect(messagesOf({ class_name: 'TimeDistributed', config: { name: 'x', layer: model } })).toHaveLength(1);
  });
});
