import { describe, expect, test } from 'vitest';
import { lowerModel } from '../../../src/formats/dialects/lower-graph.js';
import { raiseGraph } from '../../../src/formats/dialects/raise-graph.js';
import { translateGraph } from '../../../src/formats/dialects/translate/translate-graph.js';
import { parseJson } from '../../../src/json/parse-json.js';
import { serializeJson } from '../../../src/json/serialize-json.js';
import type { Loader } from '../../../src/layers/layer-facts.js';
import type { Graph, Layer } from '../../../src/model/model.js';
import { generatedTensor } from '../../../src/model/tensor.js';
import { type Entry, graphOf, type Json, keras3Value, refusal, type Source } from '../../support/keras-graphs.js';

// Small graphs, written as each Keras writes them; what real loaders make of the translation: test/oracle/translate.

const sequentialOf = (source: Source, layers: readonly (readonly [string, Json])[]): Graph =>
  raiseGraph(
    parseJson(
      JSON.stringify({
        class_name: 'Sequential',
        config: { name: 's', layers: layers.map(([class_name, config]) => ({ class_name, config })) },
        ...(source === 'keras3' ? { module: 'keras' } : {}),
      }),
    ).root,
    '',
  );

const layerIn = (graph: Graph, name: string): Layer => graph.layers.find((layer) => layer.name === name)!;
const outline = (graph: Graph) =>
  graph.layers.map(({ name, className, calls }) => [
    name,
    className,
    ...(calls[0]?.inputs.map((input) => input.layer) ?? []),
  ]);

/** A layer's config after the translation, its name aside. */
function configOf(
  source: Source,
  target: Loader,
  className: string,
  config: Json,
  shape: readonly (number | null)[] = [8, 8, 4],
): Json {
  const { graph } = translateGraph(graphOf(source, shape, { one: { className, config } }), target);
  const { name: _, ...rest } = layerIn(graph, 'one').settings;
  return rest;
}

const zeros = { class_name: 'Zeros', config: {} };
const POLICY = {
  module: 'keras',
  class_name: 'DTypePolicy',
  config: { name: 'float32' },
  registered_name: null,
  shared_object_id: 3,
};
const object = (class_name: string, config: Json = {}) => ({
  module: 'keras.initializers',
  class_name,
  config,
  registered_name: null,
});

describe('configs', () => {
  test.each<[string, Source, Loader, string, Json, Json]>([
    [
      'policies become names',
      'keras3',
      'keras2',
      'Dropout',
      { rate: 0.5, dtype: POLICY },
      { rate: 0.5, dtype: 'float32' },
    ],
    [
      'policies of Keras 2 too',
      'keras2',
      'keras3',
      'Dropout',
      { rate: 0.5, dtype: { class_name: 'Policy', config: { name: 'mixed_float16' } } },
      { rate: 0.5, dtype: 'mixed_float16' },
    ],
    [
      'the axis of a norm',
      'keras2',
      'keras3',
      'BatchNormalization',
      { axis: [3], epsilon: 0.001 },
      { axis: 3, epsilon: 0.001 },
    ],
    [
      'the border of a pooling in capitals',
      'keras2',
      'keras3',
      'MaxPooling2D',
      { pool_size: [2, 2], padding: 'VALID' },
      { pool_size: [2, 2], padding: 'valid' },
    ],
    [
      'new arguments that say nothing',
      'keras3',
      'keras2',
      'Dense',
      { units: 3, quantization_config: null, lora_rank: null },
      { units: 3 },
    ],
    [
      'old arguments that say nothing',
      'keras2',
      'keras3',
      'SeparableConv2D',
      { filters: 2, kernel_size: [3, 3], groups: 1, kernel_initializer: object('Zeros'), kernel_regularizer: null },
      { filters: 2, kernel_size: [3, 3] },
    ],
    [
      'what TensorFlow.js refuses',
      'keras2',
      'tfjs',
      'SeparableConv2D',
      { filters: 2, kernel_size: [3, 3], kernel_initializer: object('Zeros') },
      { filters: 2, kernel_size: [3, 3] },
    ],
    [
      'initializers',
      'keras3',
      'keras2',
      'Dense',
      { units: 3, kernel_initializer: object('GlorotUniform', { seed: null, input_axes: null, output_axes: null }) },
      { units: 3, kernel_initializer: { class_name: 'GlorotUniform', config: { seed: null } } },
    ],
    [
      'initializers by another name',
      'keras3',
      'tfjs',
      'Dense',
      { units: 3, kernel_initializer: object('LecunNormal', { seed: 1 }) },
      { units: 3, kernel_initializer: { class_name: 'LeCunNormal', config: { seed: 1 } } },
    ],
    [
      'initializers by their short name',
      'keras2',
      'tfjs',
      'Dense',
      { units: 3, kernel_initializer: 'lecun_normal', bias_initializer: 'zeros' },
      { units: 3, kernel_initializer: { class_name: 'LeCunNormal', config: {} }, bias_initializer: zeros },
    ],
    [
      'initializers as Keras 3.0 named them',
      'keras3',
      'keras2',
      'Dense',
      { units: 3, kernel_initializer: object('OrthogonalInitializer', { gain: 1, seed: 1 }) },
      { units: 3, kernel_initializer: { class_name: 'Orthogonal', config: { gain: 1, seed: 1 } } },
    ],
    [
      'initializers that are not there',
      'keras3',
      'tfjs',
      'Dense',
      { units: 3, kernel_initializer: object('STFT', { side: 'real' }) },
      { units: 3, kernel_initializer: { class_name: 'Zeros', config: {} } },
    ],
    [
      'regularizers',
      'keras3',
      'tfjs',
      'Dense',
      { units: 3, kernel_regularizer: object('L2', { l2: 0.01 }) },
      { units: 3, kernel_regularizer: { class_name: 'L1L2', config: { l2: 0.01, l1: 0 } } },
    ],
    ['the slope', 'keras2', 'keras3', 'LeakyReLU', { alpha: 0.25 }, { negative_slope: 0.25 }],
    ['the slope back', 'keras3', 'tfjs', 'LeakyReLU', { negative_slope: 0.25 }, { alpha: 0.25 }],
    ['swish', 'keras3', 'tfjs', 'Dense', { units: 3, activation: 'silu' }, { units: 3, activation: 'swish' }],
    [
      'functions by object',
      'keras3',
      'tfjs',
      'Dense',
      { units: 3, activation: { module: 'builtins', class_name: 'function', config: 'relu' } },
      { units: 3, activation: 'relu' },
    ],
    [
      'a second direction that mirrors the first',
      'keras3',
      'tfjs',
      'Bidirectional',
      {
        layer: object('GRU', { name: 'f', units: 2, go_backwards: false, reset_after: false }),
        backward_layer: object('GRU', { name: 'b', units: 2, go_backwards: true, reset_after: false }),
      },
      { layer: { class_name: 'GRU', config: { name: 'f', units: 2, go_backwards: false, reset_after: false } } },
    ],
    [
      'sizes of inputs on other layers',
      'keras2',
      'keras3',
      'Embedding',
      { input_dim: 5, output_dim: 2, batch_input_shape: [null, null], input_length: null },
      { input_dim: 5, output_dim: 2, input_length: null },
    ],
    [
      'a slope of ReLU',
      'keras3',
      'tfjs',
      'ReLU',
      { max_value: null, negative_slope: 0.1, threshold: 0 },
      { alpha: 0.1 },
    ],
    [
      'a threshold of ReLU',
      'keras2',
      'tfjs',
      'ReLU',
      { max_value: null, negative_slope: 0, threshold: 0.5 },
      { theta: 0.5 },
    ],
    ['ThresholdedReLU', 'keras2', 'keras3', 'ThresholdedReLU', { theta: 0.5 }, { threshold: 0.5 }],
    ['Identity', 'keras3', 'tfjs', 'Identity', {}, { activation: 'linear' }],
    [
      'an activity regularizer, which computes nothing when the model predicts',
      'keras3',
      'tfjs',
      'Dense',
      { units: 3, activity_regularizer: object('L2', { l2: 0.1 }) },
      { units: 3 },
    ],
  ])('%s (%s to %s)', (_, source, target, className, before, after) => {
    expect(configOf(source, target, className, before)).toEqual(after);
  });

  test.each<[Source, Loader, string, Json, string]>([
    ['keras3', 'tfjs', 'Dense', { units: 3, dtype: { ...POLICY, config: { name: 'mixed_bfloat16' } } }, 'dtype'],
    [
      'keras3',
      'keras2',
      'Dense',
      { units: 3, dtype: { module: 'keras', class_name: 'QuantizedDTypePolicy', config: {} } },
      'dtype',
    ],
    ['keras3', 'keras2', 'Dense', { units: 3, lora_rank: 4 }, 'lora_rank'],
    ['keras3', 'keras2', 'Dense', { units: 3, invented: 4 }, 'invented'],
    ['keras3', 'keras2', 'LayerNormalization', { axis: -1, rms_scaling: true }, 'rms_scaling'],
    ['keras3', 'keras2', 'Dense', { units: 3, activation: 'squareplus' }, 'activation'],
    ['keras3', 'keras2', 'LSTM', { units: 3, recurrent_activation: 'hard_sigmoid' }, 'recurrent_activation'],
    ['keras2', 'keras3', 'LSTM', { units: 3, activation: 'hard_sigmoid' }, 'activation'],
    ['keras2', 'keras3', 'LSTM', { units: 3, time_major: true }, 'time_major'],
    [
      'keras2',
      'keras3',
      'Dense',
      { units: 3, kernel_constraint: { class_name: 'RadialConstraint', config: {} } },
      'kernel_constraint',
    ],
    [
      'keras3',
      'tfjs',
      'Dense',
      { units: 3, kernel_regularizer: object('OrthogonalRegularizer') },
      'kernel_regularizer',
    ],
    ['keras3', 'tfjs', 'GRU', { units: 3, reset_after: true }, 'reset_after'],
    ['keras3', 'tfjs', 'Conv2D', { filters: 2, kernel_size: [3, 3], groups: 2 }, 'groups'],
    ['keras3', 'tfjs', 'DepthwiseConv2D', { kernel_size: [3, 3], dilation_rate: [2, 2] }, 'dilation_rate'],
    [
      'keras3',
      'tfjs',
      'Conv2DTranspose',
      { filters: 2, kernel_size: [3, 3], output_padding: [1, 1] },
      'output_padding',
    ],
    ['keras3', 'tfjs', 'UpSampling2D', { size: [2, 2], interpolation: 'bilinear' }, 'interpolation'],
    ['keras3', 'tfjs', 'Resizing', { height: 4, width: 4 }, 'class_name'],
    [
      'keras2',
      'keras3',
      'Bidirectional',
      { layer: object('LSTM', { units: 3 }), backward_layer: object('GRU', { units: 4, go_backwards: true }) },
      'backward_layer',
    ],
    ['keras3', 'tfjs', 'ReLU', { max_value: 6, negative_slope: 0.1, threshold: 0 }, 'negative_slope'],
    ['keras3', 'tfjs', 'ELU', { alpha: 0.5 }, 'alpha'],
    ['keras3', 'tfjs', 'Softmax', { axis: 1 }, 'axis'],
    ['keras3', 'tfjs', 'ZeroPadding3D', { padding: 1 }, 'class_name'],
    ['keras3', 'keras2', 'Lambda', { function: 'code' }, 'class_name'],
    ['keras3', 'keras2', 'RMSNormalization', { axis: -1 }, 'class_name'],
    ['keras2', 'keras3', 'SomebodysLayer', {}, 'class_name'],
  ])('%s to %s: no %s %j', (source, target, className, config, field) => {
    expect(refusal(() => configOf(source, target, className, config))).toBe(`one.${field}`);
  });

  test('numbers keep their tokens', () => {
    const text =
      '{"class_name":"Sequential","config":{"name":"s","layers":[{"class_name":"BatchNormalization","config":{"name":"b","batch_input_shape":[null,2],"axis":[1],"momentum":0.990,"epsilon":1.001e-05}}]}}';
    const { graph } = translateGraph(raiseGraph(parseJson(text).root, ''), 'keras3');
    const written = serializeJson({ root: lowerModel(graph, { dialect: 'keras3' }), lead: '', trail: '' });
    expect(written).toContain('"axis":1,"momentum":0.990,"epsilon":1.001e-05');
  });

  test('what is in the dialect already keeps its text, but for words of TensorFlow.js', () => {
    const own = graphOf('keras2', [3], { a: { className: 'SomebodysLayer' } });
    expect(translateGraph(own, 'keras2').graph.read).toBe(own.read);
    const initializer = { class_name: 'LeCunNormal', config: { seed: null } };
    const other = graphOf('keras2', [3], {
      a: { className: 'Dense', config: { units: 2, kernel_initializer: initializer } },
    });
    expect(layerIn(translateGraph(other, 'keras2').graph, 'a').settings.kernel_initializer).toEqual({
      class_name: 'LecunNormal',
      config: { seed: null },
    });
  });
});

describe('functions that a loader has no name for', () => {
  const dense = (activation: unknown) => ({ className: 'Dense', config: { units: 3, activation } });

  test('stand behind their layer, which keeps its name and weights', () => {
    const before = graphOf('keras3', [4], { a: dense('hard_sigmoid'), b: dense('relu') });
    const { graph, renamed, renamedOutputs } = translateGraph(before, 'tfjs');
    expect(outline(graph)).toEqual([
      ['in', 'InputLayer'],
      ['a', 'Dense', 'in'],
      ['a_scale', 'Rescaling', 'a'],
      ['a_clip', 'ReLU', 'a_scale'],
      ['a_scale_1', 'Rescaling', 'a_clip'],
      ['b', 'Dense', 'a_scale_1'],
    ]);
    expect(layerIn(graph, 'a').settings.activation).toBe('linear');
    expect(layerIn(graph, 'a_scale').settings).toMatchObject({ scale: 1, offset: 3 });
    expect(layerIn(graph, 'a_clip').settings).toMatchObject({ max_value: 6 });
    expect(layerIn(graph, 'a_scale_1').settings).toMatchObject({ scale: 1 / 6, offset: 0 });
    expect([...renamed, ...renamedOutputs]).toEqual([]);
  });

  test('the older hard_sigmoid is another one', () => {
    const { graph } = translateGraph(graphOf('keras2', [4], { a: dense('hard_sigmoid') }), 'keras3');
    expect(layerIn(graph, 'a_scale').settings).toMatchObject({ scale: 0.2, offset: 0.5 });
    expect(layerIn(graph, 'a_clip').settings).toMatchObject({ max_value: 1 });
    const same = translateGraph(graphOf('keras2', [4], { a: dense('hard_sigmoid') }), 'tfjs').graph;
    expect(layerIn(same, 'a').settings.activation).toBe('hard_sigmoid');
  });

  test('an output that moves gets another name, which is told', () => {
    const { graph, renamedOutputs } = translateGraph(graphOf('keras3', [4], { a: dense('hard_silu') }), 'keras2');
    expect(outline(graph).slice(2)).toEqual([
      ['a_scale', 'Rescaling', 'a'],
      ['a_clip', 'ReLU', 'a_scale'],
      ['a_scale_1', 'Rescaling', 'a_clip'],
      ['a_product', 'Multiply', 'a', 'a_scale_1'],
    ]);
    expect(graph.outputs[0]!.layer).toBe('a_product');
    expect([...renamedOutputs]).toEqual([['a', 'a_product']]);
  });

  test('an Activation layer is replaced, its name staying with its output', () => {
    const before = graphOf('keras3', [4], { a: { className: 'Activation', config: { activation: 'hard_sigmoid' } } });
    const { graph, renamedOutputs } = translateGraph(before, 'tfjs');
    expect(outline(graph).map(([name, className]) => `${name} ${className}`)).toEqual([
      'in InputLayer',
      'a_scale Rescaling',
      'a_clip ReLU',
      'a Rescaling',
    ]);
    expect(renamedOutputs.size).toBe(0);
  });

  test('a layer given as a function too', () => {
    const leaky = { module: 'keras.layers', class_name: 'LeakyReLU', config: { name: 'l', negative_slope: 0.1 } };
    const { graph } = translateGraph(graphOf('keras3', [4], { a: dense(leaky) }), 'tfjs');
    expect(layerIn(graph, 'a_leakyrelu').settings).toMatchObject({ alpha: 0.1 });
  });

  test('a Sequential model stays one while it is a chain', () => {
    const layers = (activation: string) =>
      [
        ['InputLayer', { batch_shape: [null, 4], dtype: 'float32', name: 'i' }],
        ['Dense', { units: 2, activation, name: 'a' }],
      ] as const;
    const chain = translateGraph(sequentialOf('keras3', layers('hard_sigmoid')), 'tfjs').graph;
    expect([chain.kind, chain.layers.length]).toEqual(['sequential', 5]);
    const branched = translateGraph(sequentialOf('keras3', layers('hard_silu')), 'tfjs').graph;
    expect([branched.kind, branched.outputs[0]!.layer]).toEqual(['functional', 'a_product']);
  });
});

describe('layers that a loader has otherwise', () => {
  test('kept dimensions come back by a Reshape', () => {
    const pool = { className: 'GlobalAveragePooling2D', config: { data_format: 'channels_first', keepdims: true } };
    const { graph } = translateGraph(
      graphOf('keras3', [4, 8, 8], { pool, drop: { className: 'Dropout', config: { rate: 0.1 } } }),
      'tfjs',
    );
    expect(layerIn(graph, 'pool').settings.keepdims).toBeUndefined();
    expect(layerIn(graph, 'pool_reshape').settings.target_shape).toEqual([4, 1, 1]);
    expect(layerIn(graph, 'drop').calls[0]!.inputs[0]!.layer).toBe('pool_reshape');
  });

  test('differences, and the scaled sums of Inception-ResNet', () => {
    const two = {
      a: { className: 'Dropout', config: { rate: 0.1 } },
      b: { className: 'Subtract', args: [['@in', '@a']] },
    };
    expect(outline(translateGraph(graphOf('keras3', [4], two), 'tfjs').graph).slice(2)).toEqual([
      ['b_scale', 'Rescaling', 'a'],
      ['b', 'Add', 'in', 'b_scale'],
    ]);
    const scaled = {
      ...two,
      b: {
        className: 'CustomScaleLayer',
        config: { scale: 0.17 },
        args: [['@in', '@a']],
        module: 'keras.src.applications.inception_resnet_v2',
      },
    };
    const { graph } = translateGraph(graphOf('keras3', [4], scaled), 'keras2');
    expect(layerIn(graph, 'b_scale').settings).toMatchObject({ scale: 0.17, offset: 0 });
  });

  test('norms over an inner axis go through the last one', () => {
    const norm = { className: 'BatchNormalization', config: { axis: 1 } };
    const { graph } = translateGraph(graphOf('keras3', [4, 8, 8], { norm }), 'tfjs');
    expect(
      outline(graph)
        .map(([name, className]) => `${name} ${className}`)
        .slice(1),
    ).toEqual(['norm_permute Permute', 'norm BatchNormalization', 'norm_permute_1 Permute']);
    expect(layerIn(graph, 'norm_permute').settings.dims).toEqual([2, 3, 1]);
    expect(layerIn(graph, 'norm_permute_1').settings.dims).toEqual([3, 1, 2]);
    expect(layerIn(graph, 'norm').settings.axis).toBe(-1);
  });

  test.each(['BatchNormalization', 'LayerNormalization'])(
    '%s over five axes, which TensorFlow.js loads alone',
    (className) => {
      const over = (...shape: readonly number[]) =>
        refusal(() => translateGraph(graphOf('keras3', shape, { norm: { className, config: {} } }), 'tfjs'));
      expect([over(4, 4, 3), over(4, 4, 4, 3)]).toEqual(['translated', 'norm.class_name']);
    },
  );
});

describe('operations', () => {
  const numpy = (className: string, args: readonly unknown[], config: Json = {}): Entry => ({
    className,
    args,
    config,
    module: 'keras.src.ops.numpy',
  });
  const nn = (className: string, config: Json = {}): Entry => ({
    className,
    config,
    args: ['@in'],
    module: 'keras.src.ops.nn',
  });
  const tensorflow = (name: string, args: readonly unknown[], kwargs: Json = {}): Entry => ({
    className: 'TFOpLambda',
    config: { trainable: true, dtype: 'float32', function: name },
    args,
    kwargs: { ...kwargs, name: null },
  });

  const array = (value: unknown) => ({ class_name: '__numpy__', config: { value, dtype: 'float32' } });
  const tensor = (value: unknown) => ({ class_name: '__tensor__', config: { value, dtype: 'float32' } });
  const dots = { class_name: '__ellipsis__', config: {} };
  const slice = (start: number | null = null, stop: number | null = null, step: number | null = null) => ({
    class_name: '__slice__',
    config: { start, stop, step },
  });

  test.each<[string, Source, Entry, string, Json]>([
    ['x + 2', 'keras3', numpy('Add', ['@in', 2.5]), 'Rescaling', { scale: 1, offset: 2.5 }],
    ['2 * x', 'keras3', numpy('Multiply', [2, '@in']), 'Rescaling', { scale: 2, offset: 0 }],
    ['x - 1', 'keras3', numpy('Subtract', ['@in', 1]), 'Rescaling', { scale: 1, offset: -1 }],
    ['1 - x', 'keras3', numpy('Subtract', [1, '@in']), 'Rescaling', { scale: -1, offset: 1 }],
    ['x / 4', 'keras3', numpy('TrueDivide', ['@in', 4]), 'Rescaling', { scale: 0.25, offset: 0 }],
    ['x + x', 'keras3', numpy('Add', ['@in', '@in']), 'Add', {}],
    ['max(x, 0)', 'keras3', numpy('Maximum', ['@in', 0]), 'ReLU', {}],
    [
      'a mean over places',
      'keras3',
      numpy('Mean', ['@in'], { axis: [1, 2], keepdims: false }),
      'GlobalAveragePooling2D',
      { data_format: 'channels_last' },
    ],
    ['concatenate', 'keras3', numpy('Concatenate', [['@in', '@in']], { axis: -1 }), 'Concatenate', { axis: 3 }],
    ['reshape', 'keras3', numpy('Reshape', ['@in'], { newshape: [-1, 16, 4] }), 'Reshape', { target_shape: [16, 4] }],
    ['clip', 'keras3', numpy('Clip', ['@in'], { x_min: 0, x_max: 3 }), 'ReLU', { max_value: 3 }],
    ['relu6', 'keras3', nn('Relu6'), 'Activation', { activation: 'relu6' }],
    ['silu', 'keras3', nn('Silu'), 'Activation', { activation: 'swish' }],
    ['gelu', 'keras3', nn('Gelu', { approximate: false }), 'Activation', { activation: 'gelu' }],
    ['leaky relu', 'keras3', nn('LeakyRelu', { negative_slope: 0.1 }), 'LeakyReLU', { alpha: 0.1 }],
    ['x + y of TensorFlow', 'keras2', tensorflow('__operators__.add', ['@in'], { y: '@in' }), 'Add', {}],
    [
      'x * 2 of TensorFlow',
      'keras2',
      tensorflow('math.multiply', ['@in'], { y: 2 }),
      'Rescaling',
      { scale: 2, offset: 0 },
    ],
    [
      '3 - x of TensorFlow',
      'keras2',
      tensorflow('math.subtract', [3], { y: '@in' }),
      'Rescaling',
      { scale: -1, offset: 3 },
    ],
    [
      'a maximum of TensorFlow',
      'keras2',
      tensorflow('math.reduce_max', ['@in'], { axis: [1, 2], keepdims: false }),
      'GlobalMaxPooling2D',
      {},
    ],
    [
      'concat of TensorFlow',
      'keras2',
      tensorflow('concat', [['@in', '@in']], { axis: -1 }),
      'Concatenate',
      { axis: 3 },
    ],
    ['sigmoid of TensorFlow', 'keras2', tensorflow('math.sigmoid', ['@in']), 'Activation', { activation: 'sigmoid' }],
  ])('%s becomes a layer', (_, source, entry, className, settings) => {
    const { graph } = translateGraph(graphOf(source, [4, 4, 4], { op: entry }), 'tfjs');
    expect(layerIn(graph, 'op')).toMatchObject({ className, settings });
    expect(graph.layers).toHaveLength(2);
  });

  test.each<[string, Source, Entry, string?]>([
    ['x / 0', 'keras3', numpy('TrueDivide', ['@in', 0]), 'has it'],
    ['1 / x', 'keras3', numpy('TrueDivide', [1, '@in']), 'has it'],
    ['a root', 'keras3', numpy('Sqrt', ['@in']), 'has it'],
    ['a high power', 'keras3', numpy('Power', ['@in', 0.5]), 'has it'],
    ['a constant larger than the tensor', 'keras3', numpy('Add', ['@in', array([[[[1], [2]]]])]), 'has it'],
    ['a mean over the batch', 'keras3', numpy('Mean', ['@in'], { axis: [0, 1], keepdims: false }), 'has it'],
    ['the approximate gelu', 'keras3', nn('Gelu', { approximate: true })],
    ['a softmax over places', 'keras3', nn('Softmax', { axis: 1 })],
    ['a reshape that moves the batch', 'keras3', numpy('Reshape', ['@in'], { newshape: [-1, 8] }), 'has it'],
    ['one of the batch', 'keras3', numpy('GetItem', ['@in', [0]]), 'has it'],
    ['a list that is no array', 'keras3', numpy('Multiply', ['@in', [[1, 2], [3]]])],
    ['a sum of many', 'keras3', numpy('Cumsum', ['@in'], { axis: 1 })],
    ['a function of TensorFlow', 'keras2', tensorflow('nn.space_to_depth', ['@in'], { block_size: 2 })],
  ])('%s: refused', (_, source, entry, inOther) => {
    const refused = `op.${source === 'keras3' ? 'class_name' : 'function'}`;
    const stops = (target: Loader) => refusal(() => translateGraph(graphOf(source, [4, 4, 4], { op: entry }), target));
    expect(stops('tfjs')).toBe(refused);
    expect(stops(source === 'keras3' ? 'keras2' : 'keras3')).toBe(inOther === undefined ? refused : 'translated');
  });

  /** The configs of all layers, as TensorFlow.js is told, without what is the same everywhere. */
  const layersFor = (source: Source, entry: Entry, shape: readonly (number | null)[] = [4, 4, 4], dtype = 'float32') =>
    translateGraph(graphOf(source, shape, { op: entry }, dtype), 'tfjs')
      .graph.layers.slice(1)
      .map(({ className, settings: { name: _, dtype: __, ...settings } }) => [className, settings]);
  const scaled = (scale: unknown, offset: unknown) => ['Rescaling', { scale, offset }];

  test.each<[string, Source, Entry, readonly unknown[]]>([
    ['x / 3', 'keras3', numpy('TrueDivide', ['@in', 3]), [scaled(1 / 3, 0)]],
    ['x / 0.1', 'keras3', numpy('Divide', ['@in', 0.1]), [scaled(1 / Math.fround(0.1), 0)]],
    ['x - [1, 2, 3, -4]', 'keras3', numpy('Subtract', ['@in', array([1, 2, 3, -4])]), [scaled(1, [-1, -2, -3, 4])]],
    ['[1, 2, 3, 4] * x', 'keras3', numpy('Multiply', [tensor([[[[1, 2, 3, 4]]]]), '@in']), [scaled([1, 2, 3, 4], 0)]],
    [
      'a map',
      'keras2',
      tensorflow('math.multiply', ['@in'], { y: [[[1]], [[2]], [[3]], [[4]]] }),
      [scaled([[[1]], [[2]], [[3]], [[4]]], 0)],
    ],
    ['3 - x', 'keras2', tensorflow('math.subtract', [[1, 2, 3, 4]], { y: '@in' }), [scaled(-1, [1, 2, 3, 4])]],
    [
      'a bias',
      'keras2',
      tensorflow('nn.bias_add', ['@in'], { bias: [1, 2, 3, 4], data_format: 'NHWC' }),
      [scaled(1, [1, 2, 3, 4])],
    ],
    [
      'a bias of the first axis',
      'keras2',
      tensorflow('nn.bias_add', ['@in'], { bias: [1, 2, 3, 4], data_format: 'NCHW' }),
      [scaled(1, [[[1]], [[2]], [[3]], [[4]]])],
    ],
    ['-x', 'keras2', tensorflow('math.negative', ['@in']), [scaled(-1, 0)]],
    [
      'x ** 3',
      'keras3',
      numpy('Power', ['@in', 3]),
      [
        ['Multiply', {}],
        ['Multiply', {}],
      ],
    ],
    ['|x|', 'keras3', numpy('Absolute', ['@in']), [scaled(-1, 0), ['Maximum', {}]]],
    ['min(x, 6)', 'keras3', numpy('Minimum', ['@in', 6]), [scaled(0, 6), ['Minimum', {}]]],
    [
      'a clip',
      'keras2',
      tensorflow('clip_by_value', ['@in'], { clip_value_min: -1, clip_value_max: 2 }),
      [scaled(0, -1), ['Maximum', {}], scaled(0, 2), ['Minimum', {}]],
    ],
    [
      'x[..., ::-1]',
      'keras3',
      numpy('GetItem', ['@in', [dots, slice(null, null, -1)]]),
      [['Dense', { units: 4, activation: 'linear', use_bias: false, trainable: false }]],
    ],
    [
      'x[:, 1:-1, ::2]',
      'keras3',
      numpy('GetItem', ['@in', [slice(), slice(1, -1), slice(null, null, 2)]]),
      [
        [
          'Cropping2D',
          {
            cropping: [
              [1, 1],
              [0, 1],
            ],
            data_format: 'channels_last',
          },
        ],
        ['MaxPooling2D', { pool_size: [1, 1], strides: [1, 2], padding: 'valid', data_format: 'channels_last' }],
      ],
    ],
    [
      'x[:, 2]',
      'keras3',
      numpy('GetItem', ['@in', [slice(), 2]]),
      [
        [
          'Cropping2D',
          {
            cropping: [
              [2, 1],
              [0, 0],
            ],
            data_format: 'channels_last',
          },
        ],
        ['Reshape', { target_shape: [4, 4] }],
      ],
    ],
    [
      'transpose',
      'keras2',
      tensorflow('compat.v1.transpose', ['@in'], { perm: [0, 2, 1, 3], conjugate: false }),
      [['Permute', { dims: [2, 1, 3] }]],
    ],
    [
      'expand_dims',
      'keras3',
      numpy('ExpandDims', ['@in'], { axis: -1 }),
      [['Reshape', { target_shape: [4, 4, 4, 1] }]],
    ],
    [
      'a mean over channels',
      'keras3',
      numpy('Mean', ['@in'], { axis: [3], keepdims: false }),
      [
        ['Dense', { trainable: false, units: 1, activation: 'linear', use_bias: false }],
        ['Reshape', { target_shape: [4, 4] }],
      ],
    ],
    [
      'blocks of channels that become places',
      'keras2',
      tensorflow('nn.depth_to_space', ['@in'], { block_size: 2, data_format: 'NHWC' }),
      [
        ['Reshape', { target_shape: [4, 4, 2, 2, 1] }],
        ['Permute', { dims: [1, 3, 2, 4, 5] }],
        ['Reshape', { target_shape: [8, 8, 1] }],
      ],
    ],
  ])('%s for TensorFlow.js', (_, source, entry, expected) => {
    expect(layersFor(source, entry)).toEqual(expected);
  });

  test('whole numbers are divided and cast', () => {
    expect(layersFor('keras3', numpy('TrueDivide', ['@in', 255]), [4], 'uint8')).toEqual([scaled(1 / 255, 0)]);
    const cast: Entry = {
      className: 'Cast',
      config: { dtype: 'float32' },
      args: ['@in'],
      module: 'keras.src.ops.core',
    };
    expect(layersFor('keras3', cast, [4], 'uint8')).toEqual([scaled(1, 0)]);
  });

  test('channels that are picked keep their order, whatever stacks them', () => {
    const pick = (index: number): Entry => numpy('GetItem', ['@in', [dots, index]]);
    const layers = { r: pick(2), g: pick(1), b: pick(0), op: numpy('Stack', [['@r', '@g', '@b']], { axis: -1 }) };
    const { graph } = translateGraph(graphOf('keras3', [null, null, 3], layers), 'tfjs');
    expect(outline(graph)).toEqual([
      ['in', 'InputLayer'],
      ['op', 'Dense', 'in'],
    ]);
    const { source } = layerIn(graph, 'op').weights[0]!.tensor;
    expect(source.kind === 'generated' && [...source.values()]).toEqual([0, 0, 1, 0, 1, 0, 1, 0, 0]);
  });

  test.each<[string, Source, Entry, Json, unknown]>([
    [
      'x / 127.5',
      'keras2',
      tensorflow('math.truediv', ['@in'], { y: 127.5 }),
      { class_name: 'TrueDivide', module: 'keras.src.ops.numpy' },
      { args: [expect.anything(), 127.5], kwargs: {} },
    ],
    [
      '[1, 2] - x',
      'keras2',
      tensorflow('math.subtract', [[1, 2]], { y: '@in' }),
      { class_name: 'Subtract' },
      { args: [array([1, 2]), expect.objectContaining({ class_name: '__keras_tensor__' })], kwargs: {} },
    ],
    [
      'a bias',
      'keras2',
      tensorflow('nn.bias_add', ['@in'], { bias: [1, 2] }),
      { class_name: 'Add' },
      { args: [expect.anything(), array([1, 2])], kwargs: {} },
    ],
    [
      'an index',
      'keras2',
      {
        className: 'SlicingOpLambda',
        config: { function: '__operators__.getitem' },
        args: ['@in'],
        kwargs: { slice_spec: [{ start: null, stop: null, step: null }, null] },
      },
      { class_name: 'GetItem' },
      { args: [expect.anything(), [slice(), null]], kwargs: {} },
    ],
    [
      'x - 127',
      'keras3',
      numpy('Subtract', ['@in', 127]),
      { class_name: 'TFOpLambda', config: expect.objectContaining({ function: 'math.subtract' }) },
      ['in', 0, 0, { y: 127 }],
    ],
    [
      '1 / x',
      'keras3',
      numpy('TrueDivide', [1, '@in']),
      { config: expect.objectContaining({ function: 'math.truediv' }) },
      ['_CONSTANT_VALUE', -1, 1, { y: ['in', 0, 0] }],
    ],
    [
      'reversed channels',
      'keras3',
      numpy('GetItem', ['@in', [dots, slice(null, null, -1)]]),
      { class_name: 'SlicingOpLambda' },
      [
        'in',
        0,
        0,
        {
          slice_spec: [
            ...Array.from({ length: 2 }, () => ({ start: null, stop: null, step: null })),
            { start: null, stop: null, step: -1 },
          ],
        },
      ],
    ],
    [
      'a stack',
      'keras3',
      numpy('Stack', [['@in', '@in']], { axis: 1 }),
      { config: expect.objectContaining({ function: 'stack' }) },
      [
        ['in', 0, 0, { axis: 1 }],
        ['in', 0, 0, { axis: 1 }],
      ],
    ],
  ])('%s is the same operation of the other Keras', (_, source, entry, expected, call) => {
    const dialect = source === 'keras3' ? 'keras2' : 'keras3';
    const { graph } = translateGraph(graphOf(source, [3, 2], { op: entry }), dialect);
    const text = serializeJson({ root: lowerModel(graph, { dialect, hasModules: true }), lead: '', trail: '' });
    const written = JSON.parse(text).config.layers[1];
    expect(written).toMatchObject(expected);
    expect(written.inbound_nodes).toEqual([call]);
  });

  test('files that lose operations are told layers', () => {
    const before = graphOf('keras3', [4], { op: numpy('TrueDivide', ['@in', array([1, 2, 4, 8])]) });
    const { graph } = translateGraph(before, 'keras3', { hasOperations: false });
    expect(layerIn(graph, 'op')).toMatchObject({ className: 'Rescaling', settings: { scale: [1, 0.5, 0.25, 0.125] } });
  });

  test('tensors of other ranks, and whole numbers: refused', () => {
    const ranks = { a: { className: 'GlobalAveragePooling2D' }, op: numpy('Multiply', ['@in', '@a']) };
    expect(refusal(() => translateGraph(graphOf('keras3', [4, 4, 4], ranks), 'tfjs'))).toBe('op.class_name');
    const whole = graphOf('keras3', [4], { op: numpy('Multiply', ['@in', 2]) }, 'int32');
    expect(refusal(() => translateGraph(whole, 'tfjs'))).toBe('op.class_name');
  });

  test('one that keeps dimensions is two layers for TensorFlow.js', () => {
    const mean = numpy('Mean', ['@in'], { axis: [1, 2], keepdims: true });
    expect(outline(translateGraph(graphOf('keras3', [4, 4, 4], { mean }), 'tfjs').graph).slice(1)).toEqual([
      ['mean_globalaveragepooling2d', 'GlobalAveragePooling2D', 'in'],
      ['mean', 'Reshape', 'mean_globalaveragepooling2d'],
    ]);
  });
});

describe('names', () => {
  const drop: Entry = { className: 'Dropout', config: { rate: 0.1 } };

  test('that a loader refuses are changed, uniquely', () => {
    const before = graphOf('keras2', [4], { 'a/b': drop, a_b: drop, 'c/d': drop });
    const { graph, renamed, renamedOutputs } = translateGraph(before, 'keras3');
    expect(graph.layers.map(({ name, settings }) => [name, settings.name])).toEqual([
      ['in', 'in'],
      ['a_b_1', 'a_b_1'],
      ['a_b', 'a_b'],
      ['c_d', 'c_d'],
    ]);
    expect(renamed).toEqual([
      { graph: [], before: 'a/b', after: 'a_b_1' },
      { graph: [], before: 'c/d', after: 'c_d' },
    ]);
    expect([...renamedOutputs]).toEqual([['c/d', 'c_d']]);
    expect(layerIn(graph, 'a_b').calls[0]!.inputs[0]!.layer).toBe('a_b_1');
  });

  test.each<[Loader, string, string]>([
    ['tfjs', 'a b>c', 'a_b_c'],
    ['tfjs', '_a', 'layer__a'],
    ['tfjs', 'toString', 'layer_toString'],
    ['keras2', 'a b', 'a_b'],
  ])('for %s, %s is %s', (target, before, after) => {
    expect(outline(translateGraph(graphOf('keras3', [4], { [before]: drop }), target).graph)[1]![0]).toBe(after);
  });

  test('of layers in two models are made different for TensorFlow.js alone', () => {
    const inner = (name: string): Entry => ({
      className: 'Functional',
      module: 'keras.src.models.functional',
      config: {
        name,
        layers: [
          {
            module: 'keras.layers',
            class_name: 'InputLayer',
            config: { batch_shape: [null, 4], dtype: 'float32', name: 'i' },
            name: 'i',
            inbound_nodes: [],
          },
          {
            module: 'keras.layers',
            class_name: 'Dense',
            config: { name: 'd', units: 4 },
            name: 'd',
            inbound_nodes: [{ args: [keras3Value('@i')], kwargs: {} }],
          },
        ],
        input_layers: ['i', 0, 0],
        output_layers: ['d', 0, 0],
      },
    });
    const before = graphOf('keras3', [4], { one: inner('one'), two: inner('two'), end: drop });
    const { graph, renamed } = translateGraph(before, 'tfjs');
    expect(renamed).toEqual([
      { graph: ['two'], before: 'i', after: 'i_1' },
      { graph: ['two'], before: 'd', after: 'd_1' },
    ]);
    expect(graph.layers.map(({ className }) => className)).toEqual([
      'InputLayer',
      'Functional',
      'Functional',
      'Dropout',
    ]);
    expect(layerIn(graph, 'two').graph!.outputs[0]!.layer).toBe('d_1');
    expect(translateGraph(before, 'keras2').renamed).toEqual([]);
  });
});

describe('calls', () => {
  const norm = (kwargs: Json): Entry => ({
    className: 'BatchNormalization',
    config: { axis: -1 },
    args: ['@in'],
    kwargs,
  });

  const callOf = (graph: Graph, dialect: 'keras2' | 'keras3') => {
    const text = serializeJson({ root: lowerModel(graph, { dialect }), lead: '', trail: '' });
    return JSON.parse(text).config.layers[1].inbound_nodes[0];
  };
  const flip = (kwargs: Json): Entry => ({ className: 'RandomFlip', config: {}, args: ['@in'], kwargs });

  test.each(['keras2', 'tfjs'] as const)('the phase that Keras 3 writes of itself is not told to %s', (target) => {
    const written = graphOf('keras3', [4], { n: norm({ training: false, mask: null }) });
    expect(callOf(translateGraph(written, target).graph, 'keras2')).toEqual([['in', 0, 0, {}]]);
    expect(refusal(() => translateGraph(graphOf('keras3', [4], { n: norm({ training: true }) }), target))).toBe(
      'n.inbound_nodes',
    );
  });

  test('the phase that Keras 2 obeys is kept, and said where training does not obey it', () => {
    const fixed = graphOf('keras2', [4], { n: norm({ training: false }) });
    const { graph, fixedPhases } = translateGraph(fixed, 'keras3');
    expect(callOf(graph, 'keras3').kwargs).toEqual({ training: false });
    expect(fixedPhases).toEqual(['n']);
    expect(callOf(translateGraph(fixed, 'tfjs').graph, 'keras2')).toEqual([['in', 0, 0, { training: false }]]);
    // TensorFlow.js, which writes the words of Keras 2, reads past what Keras 2 obeys.
    for (const target of ['keras2', 'keras3', 'tfjs'] as const) {
      const trained = graphOf('keras2', [4], { n: norm({ training: true }) });
      expect(refusal(() => translateGraph(trained, target))).toBe('n.inbound_nodes');
    }
  });

  test('augmentations, which Keras 3 calls as in training, change nothing in inference', () => {
    const written = graphOf('keras3', [8, 8, 3], { f: flip({ training: true }) });
    expect(callOf(translateGraph(written, 'keras2').graph, 'keras2')).toEqual([['in', 0, 0, {}]]);
    const back = translateGraph(graphOf('keras2', [8, 8, 3], { f: flip({}) }), 'keras3').graph;
    expect(callOf(back, 'keras3').kwargs).toEqual({ training: false });
  });

  test('with arguments of other kinds are refused', () => {
    const state: Entry = {
      className: 'LSTM',
      config: { units: 4 },
      args: ['@in'],
      kwargs: { mask: '@in' },
    };
    expect(refusal(() => translateGraph(graphOf('keras3', [3, 4], { l: state }), 'keras2'))).toBe('l.inbound_nodes');
    const cells = { class_name: 'StackedRNNCells', config: { name: 's', cells: [] } };
    const stacked: Entry = { ...state, className: 'RNN', config: { cell: cells }, kwargs: { initial_state: ['@in'] } };
    expect(refusal(() => translateGraph(graphOf('keras3', [3, 4], { l: stacked }), 'keras2'))).toBe('l.inbound_nodes');
  });
});

describe('inputs', () => {
  test('are written where Keras 2 had them on the first layer', () => {
    const before = sequentialOf('keras2', [
      ['Dense', { name: 'd', units: 2, batch_input_shape: [null, 4], dtype: 'float32' }],
    ]);
    const { graph } = translateGraph(before, 'keras3');
    expect(graph.kind).toBe('sequential');
    expect(graph.layers.map(({ settings }) => ({ ...settings }))).toEqual([
      { name: 'd_input', batch_shape: [null, 4], dtype: 'float32', sparse: false },
      { name: 'd', units: 2, dtype: 'float32' },
    ]);
  });

  test('that nobody knows the shape of are refused', () => {
    const before = sequentialOf('keras2', [['Dense', { name: 'd', units: 2 }]]);
    expect(refusal(() => translateGraph(before, 'keras3'))).toBe('d_input.batch_input_shape');
  });

  test('of small whole numbers are int32 in TensorFlow.js', () => {
    const before = graphOf(
      'keras3',
      [4],
      { r: { className: 'Rescaling', config: { scale: 0.5, offset: 0 } } },
      'uint8',
    );
    expect(layerIn(translateGraph(before, 'tfjs').graph, 'in').settings.dtype).toBe('int32');
    expect(refusal(() => translateGraph(graphOf('keras3', [4], {}, 'int64'), 'tfjs'))).toBe('in.dtype');
  });
});

test('weights stay with their layer, under the names of its facts', () => {
  const weight = (name: string) => ({ name, tensor: generatedTensor([1], () => new Float32Array(1)) });
  const before = graphOf('keras2', [3, 4], {
    l: { className: 'LSTM', config: { units: 1 } },
    d: { className: 'Dropout', config: { rate: 0.1 } },
  });
  const loaded: Graph = {
    ...before,
    layers: before.layers.map((layer) => {
      if (layer.name === 'l')
        return { ...layer, weights: ['lstm_cell/kernel', 'recurrent_kernel', 'bias'].map(weight) };
      return layer.name === 'd' ? { ...layer, weights: [weight('seed_generator/vars/0')] } : layer;
    }),
  };
  for (const target of ['keras3', 'keras2'] as const) {
    const { graph } = translateGraph(loaded, target);
    expect(layerIn(graph, 'l').weights.map(({ name }) => name)).toEqual(['kernel', 'recurrent_kernel', 'bias']);
    expect(layerIn(graph, 'd').weights).toEqual([]);
  }
});

describe('layers that compute nothing when the model predicts', () => {
  const image = [8, 8, 3];
  const flip: Entry = { className: 'RandomFlip', config: {}, kwargs: { training: true } };
  const translated = (target: Loader, layers: Readonly<Record<string, Entry>>, dtype = 'float32') =>
    translateGraph(graphOf('keras3', image, layers, dtype), target);
  const conv: Entry = { className: 'Conv2D', config: { filters: 2, kernel_size: 3 } };

  test('are left out of a TensorFlow.js model, and named', () => {
    const { graph, leftOut } = translated('tfjs', { f: flip, s: { className: 'RandomShear', config: {} }, c: conv });
    expect(outline(graph)).toEqual([
      ['in', 'InputLayer'],
      ['c', 'Conv2D', 'in'],
    ]);
    expect(leftOut.map(({ name }) => name)).toEqual(['f', 's']);
  });

  test('stay where the target has them', () => {
    const { graph, leftOut } = translated('keras2', { f: flip, s: { className: 'RandomShear', config: {} }, c: conv });
    expect(outline(graph)).toEqual([
      ['in', 'InputLayer'],
      ['f', 'RandomFlip', 'in'],
      ['c', 'Conv2D', 'f'],
    ]);
    expect(leftOut.map(({ name }) => name)).toEqual(['s']);
  });

  test('an output, and one that changes the precision, have another layer in their place', () => {
    const { graph } = translated('tfjs', { f: flip, c: conv, g: flip }, 'uint8');
    expect(outline(graph)).toEqual([
      ['in', 'InputLayer'],
      ['f', 'Rescaling', 'in'],
      ['c', 'Conv2D', 'f'],
      ['g', 'Rescaling', 'c'],
    ]);
    expect(layerIn(graph, 'g').settings).toMatchObject({ scale: 1, offset: 0 });
  });

  test('a wrapped one, and a Pipeline of them', () => {
    const wrapped = { layer: { class_name: 'RandomFlip', config: { name: 'f' } } };
    const layers = ['RandomFlip', 'RandomErasing'].map((class_name) => ({ class_name, config: { name: class_name } }));
    const both = {
      t: { className: 'TimeDistributed', config: wrapped },
      p: { className: 'Pipeline', config: { layers } },
      c: conv,
    };
    expect(outline(translated('tfjs', both).graph)).toEqual([
      ['in', 'InputLayer'],
      ['c', 'Conv2D', 'in'],
    ]);
    const mixed = [...layers, { class_name: 'Rescaling', config: { name: 'r', scale: 0.5, offset: 0 } }];
    const { graph } = translated('keras2', { p: { className: 'Pipeline', config: { layers: mixed } } });
    expect(outline(graph)).toEqual([
      ['in', 'InputLayer'],
      ['p_randomflip', 'RandomFlip', 'in'],
      ['p', 'Rescaling', 'p_randomflip'],
    ]);
  });

  test('a model of nothing else is left out as a whole', () => {
    const inner = [['RandomFlip', { name: 'f' }] as const, ['RandomZoom', { name: 'z', height_factor: 0.1 }] as const];
    const nested = {
      name: 'augment',
      layers: inner.map(([class_name, config]) => ({ module: 'keras.layers', class_name, config })),
    };
    const before = sequentialOf('keras3', [
      ['InputLayer', { name: 'in', batch_shape: [null, ...image] }],
      ['Sequential', nested],
      ['Flatten', { name: 'flat' }],
    ]);
    const { graph, leftOut } = translateGraph(before, 'tfjs');
    expect(graph.kind).toBe('sequential');
    expect(outline(graph).map(([name]) => name)).toEqual(['in', 'flat']);
    expect(leftOut.map(({ name }) => name)).toEqual(['f', 'z']);
  });

  test.each([
    ['that are called as in training', 'keras2', 'tfjs', flip, 'f.inbound_nodes'],
    ['that change images in every phase', 'keras3', 'tfjs', { className: 'AutoContrast', config: {} }, 'f.class_name'],
    ['that each Keras crops otherwise', 'keras3', 'keras2', { className: 'RandomCrop', config: {} }, 'f.class_name'],
  ] as const)('not those %s', (_, source, target, entry, expected) => {
    expect(refusal(() => translateGraph(graphOf(source, image, { f: entry, c: conv }), target))).toBe(expected);
  });
});

describe('crops and sizes of images', () => {
  test.each(['keras2', 'keras3'] as const)(
    'a RandomCrop of %s is refused for what it does in predictions',
    (source) => {
      const graph = graphOf(source, [9, 8, 3], { c: { className: 'RandomCrop', config: { height: 4, width: 8 } } });
      expect(() => translateGraph(graph, 'tfjs')).toThrow(
        /Keras 2 resizes the middle .* Keras 3 gives the whole image/,
      );
    },
  );

  test('a CenterCrop of a larger image is a Cropping2D', () => {
    const { graph } = translateGraph(
      graphOf('keras3', [9, 8, 3], { c: { className: 'CenterCrop', config: { height: 4, width: 8 } } }),
      'tfjs',
    );
    expect(layerIn(graph, 'c')).toMatchObject({
      className: 'Cropping2D',
      settings: {
        cropping: [
          [2, 3],
          [0, 0],
        ],
        data_format: 'channels_last',
      },
    });
  });

  test.each([
    ['CenterCrop', { height: 10, width: 8 }, 'class_name'],
    ['Resizing', { height: 4, width: 4, interpolation: 'bilinear', crop_to_aspect_ratio: false }, 'class_name'],
    [
      'Resizing',
      { height: 4, width: 4, interpolation: 'bilinear', crop_to_aspect_ratio: true },
      'crop_to_aspect_ratio',
    ],
    ['Resizing', { height: 4, width: 4, pad_to_aspect_ratio: true }, 'pad_to_aspect_ratio'],
  ])('a %s %j is refused for its %s', (className, config, field) => {
    const before = graphOf('keras3', [9, 8, 3], { one: { className, config } });
    expect(refusal(() => translateGraph(before, 'tfjs'))).toBe(`one.${field}`);
  });
});

describe('Normalization', () => {
  const written = (config: Json, shape = [4, 2]) => {
    const { graph } = translateGraph(graphOf('keras3', shape, { n: { className: 'Normalization', config } }), 'tfjs');
    return graph.layers.slice(1).map(({ settings: { scale, offset } }) => [scale, offset]);
  };

  test.each<[string, Json, readonly unknown[]]>([
    [
      'a number a channel',
      { axis: -1, mean: [1, 2], variance: [4, 16] },
      [
        [1, [-1, -2]],
        [[0.5, 0.25], 0],
      ],
    ],
    [
      'one number',
      { axis: null, mean: 3, variance: 4 },
      [
        [1, -3],
        [0.5, 0],
      ],
    ],
    [
      'another axis',
      { axis: 1, mean: [[1], [2], [3], [4]], variance: 1 },
      [
        [1, [[-1], [-2], [-3], [-4]]],
        [[[1], [1], [1], [1]], 0],
      ],
    ],
    [
      'the way back',
      { axis: -1, mean: [1, 2], variance: [4, 16], invert: true },
      [
        [
          [2, 4],
          [1, 2],
        ],
      ],
    ],
    [
      'no variance',
      { axis: -1, mean: 0, variance: [0, 1] },
      [
        [1, [0, 0]],
        [[1e7, 1], 0],
      ],
    ],
  ])('%s in its config', (_, config, expected) => {
    expect(JSON.parse(JSON.stringify(written(config)).replaceAll('-0', '0'))).toEqual(expected);
  });

  test('of stored numbers is made of convolutions', () => {
    const [mean, variance] = [
      [1, 2],
      [4, 16],
    ].map((values) => generatedTensor([2], () => Float32Array.from(values)));
    const before = graphOf('keras3', [5, 2], { n: { className: 'Normalization', config: { axis: [-1], mean: null } } });
    const weights = [
      { name: 'mean', tensor: mean! },
      { name: 'variance', tensor: variance! },
      { name: 'count', tensor: { ...mean!, shape: [], dtype: 'int64' } },
    ];
    const layers = before.layers.map((layer) => (layer.name === 'n' ? { ...layer, weights } : layer));
    const { graph } = translateGraph({ ...before, layers }, 'tfjs');
    expect(outline(graph).map(([, className]) => className)).toEqual([
      'InputLayer',
      'Reshape',
      'DepthwiseConv2D',
      'DepthwiseConv2D',
      'Reshape',
    ]);
    expect(graph.layers.flatMap((layer) => layer.weights.map(({ name, tensor }) => [name, tensor.shape]))).toEqual([
      ['depthwise_kernel', [1, 1, 2, 1]],
      ['bias', [2]],
      ['depthwise_kernel', [1, 1, 2, 1]],
    ]);
    const values = graph.layers.flatMap((layer) => layer.weights).map(({ tensor }) => [4, 16].map(tensor.each!));
    expect(values).toEqual([
      [1, 1],
      [-4, -16],
      [0.5, 0.25],
    ]);
  });
});
