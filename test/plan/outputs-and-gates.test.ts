import { describe, expect, test } from 'vitest';
import { RetrofitError } from '../../src/index.js';
import type { RetrofitOptions } from '../../src/plan/options.js';
import { planRetrofit, surveyRetrofit } from '../../src/plan/plan-retrofit.js';
import { topologyOf } from '../support/fixtures.js';
import { graph, input, type LayerJson, layer, nested } from '../support/model-builder.js';

// Networks that people have, cut down to what decides where modules go.

type Config = Record<string, unknown>;

const conv = (name: string, before: string, filters: number, activation: unknown, more: Config = {}): LayerJson =>
  layer('Conv2D', name, { filters, kernel_size: [3, 3], padding: 'same', activation, ...more }, [before]);
const pointwise = (name: string, before: string, filters: number, activation: unknown = 'linear'): LayerJson =>
  conv(name, before, filters, activation, { kernel_size: [1, 1] });
const norm = (name: string, before: string) => layer('BatchNormalization', name, { axis: [3] }, [before]);
const activation = (name: string, before: string, what: string) =>
  layer('Activation', name, { activation: what }, [before]);
const upsampling = (name: string, before: string) => layer('UpSampling2D', name, { size: [2, 2] }, [before]);
const pooling = (name: string, before: string) => layer('MaxPooling2D', name, { pool_size: [2, 2] }, [before]);
const dense = (name: string, before: string) => layer('Dense', name, { units: 3, activation: 'softmax' }, [before]);
const globalPooling = (name: string, before: string) => layer('GlobalAveragePooling2D', name, {}, [before]);

const image = input('image', [16, 16, 3]);
const modelOf = (layers: readonly LayerJson[], outputs = [layers.at(-1)!.name]) => {
  const config = graph('network', [image, ...layers], ['image'], [...outputs]);
  // The call of a nested model is its second node.
  config.output_layers = outputs.map((name) => [
    name,
    layers.find((each) => each.name === name)?.config.layers === undefined ? 0 : 1,
    0,
  ]);
  return topologyOf(JSON.stringify({ class_name: 'Functional', config }), 'network.json');
};

/** Behind which layers modules go, and why there are none behind others. */
function placesIn(
  layers: readonly LayerJson[],
  { outputs, ...options }: Partial<RetrofitOptions> & { outputs?: string[] } = {},
) {
  const { sites, skipped } = surveyRetrofit(modelOf(layers, outputs), options);
  return {
    sites: sites.map(({ after }) => after),
    skipped: Object.fromEntries(skipped.map(({ layer: name, reason }) => [name, reason])),
  };
}

const onlyFirst = { sites: ['first'], skipped: { last: 'makes-logits' } };
const first = conv('first', 'image', 16, 'relu');

describe('a convolution that makes an output of the model has no module', () => {
  test.each([
    'tanh',
    'sigmoid',
    'linear',
    'softmax',
    'softsign',
    'softplus',
    'hard_sigmoid',
    'exponential',
    'my_squash',
  ])('with the activation %s', (name) => {
    expect(placesIn([first, conv('last', 'first', 16, name)])).toEqual(onlyFirst);
    expect(placesIn([first, conv('last', 'first', 16, 'linear'), activation('act', 'last', name)])).toEqual(onlyFirst);
  });

  test('with an activation of its own code', () => {
    const custom = { class_name: 'Custom>Squash', config: { scale: 2 }, registered_name: 'Custom>Squash' };
    expect(placesIn([first, conv('last', 'first', 16, custom)])).toEqual(onlyFirst);
  });

  test.each([
    ['Conv2DTranspose', { strides: [2, 2] }],
    ['Conv2D', { dilation_rate: [2, 2] }],
  ])('of the class %s', (className, more) => {
    const last = { ...conv('last', 'first', 16, 'tanh', more), class_name: className };
    expect(placesIn([first, last])).toEqual(onlyFirst);
  });

  test('of a separable pair', () => {
    const separable = (name: string, before: string, what: string) => ({
      ...conv(name, before, 16, what),
      class_name: 'SeparableConv2D',
    });
    expect(placesIn([separable('first', 'image', 'relu'), separable('last', 'first', 'tanh')])).toEqual(onlyFirst);
  });

  test.each([1, 3])('in %i dimensions', (rank) => {
    const size = Array<number>(rank).fill(3);
    const of = (name: string, before: string, what: string) =>
      layer(`Conv${rank}D`, name, { filters: 16, kernel_size: size, padding: 'same', activation: what }, [before]);
    const layers = [input('data', [...Array<number>(rank).fill(8), 4]), of('first', 'data', 'relu')];
    const config = graph('network', [...layers, of('last', 'first', 'tanh')], ['data'], ['last']);
    const model = topologyOf(JSON.stringify({ class_name: 'Functional', config }), 'network.json');
    const { sites, skipped } = surveyRetrofit(model);
    expect(sites.map(({ after }) => after)).toEqual(['first']);
    expect(skipped).toEqual([expect.objectContaining({ layer: 'last', reason: 'makes-logits' })]);
  });

  test.each<[string, LayerJson]>([
    ['Reshape', layer('Reshape', 'tail', { target_shape: [256, 16] }, ['last'])],
    ['Flatten', layer('Flatten', 'tail', {}, ['last'])],
    ['Cropping2D', layer('Cropping2D', 'tail', { cropping: [1, 1] }, ['last'])],
    ['Softmax', layer('Softmax', 'tail', {}, ['last'])],
    ['Rescaling', layer('Rescaling', 'tail', { scale: 127.5, offset: 127.5 }, ['last'])],
    ['UpSampling2D', upsampling('tail', 'last')],
    ['MaxPooling2D', pooling('tail', 'last')],
    ['BatchNormalization', norm('tail', 'last')],
    ['Lambda', layer('Lambda', 'tail', { function: 'code' }, ['last'])],
    ['Subtract', layer('Subtract', 'tail', {}, ['first', 'last'])],
  ])('behind a last %s', (_, tail) => {
    expect(placesIn([first, conv('last', 'first', 16, 'tanh'), tail])).toEqual(onlyFirst);
  });

  test('at each of several outputs, and where a Concatenate joins them', () => {
    const heads = [conv('boxes', 'first', 4, 'linear'), conv('scores', 'first', 8, 'sigmoid')];
    const expected = { sites: ['first'], skipped: { boxes: 'makes-logits', scores: 'makes-logits' } };
    expect(placesIn([first, ...heads], { outputs: ['boxes', 'scores'] })).toEqual(expected);
    expect(placesIn([first, ...heads, layer('Concatenate', 'both', { axis: 3 }, ['boxes', 'scores'])])).toEqual(
      expected,
    );
  });

  test('in a nested model, whose end alone is no output', () => {
    const coder = (name: string, before: string, more: Config = {}) =>
      nested(name, [input(`${name}_in`, [16, 16, 16]), conv(`${name}_conv`, `${name}_in`, 16, 'tanh', more)], [before]);
    const decoder = { ...coder('decoder', 'encoder'), inbound_nodes: [[['encoder', 1, 0, {}]]] };
    expect(placesIn([first, coder('encoder', 'first'), decoder])).toEqual({
      sites: ['first', 'encoder_conv'],
      skipped: { decoder_conv: 'makes-logits' },
    });
  });

  test('in a network that has blocks, as well', () => {
    const layers = [
      first,
      conv('a', 'first', 16, 'relu'),
      conv('b', 'a', 16, 'linear'),
      layer('Add', 'sum', {}, ['first', 'b']),
      pointwise('last', 'sum', 3, 'tanh'),
    ];
    expect(placesIn(layers)).toEqual({ sites: ['b'], skipped: { last: 'makes-logits' } });
  });
});

describe('what ends in a ReLU at an output', () => {
  test.each(['relu', 'relu6', 'elu', 'selu', 'gelu', 'swish', 'mish', 'leaky_relu'])(
    '%s: the features of a network without its top have a module',
    (name) => {
      const both = { sites: ['first', 'last'], skipped: {} };
      const last = conv('last', 'first', 16, name);
      expect(placesIn([first, last])).toEqual(both);
      expect(placesIn([first, last, globalPooling('pooled', 'last')])).toEqual(both);
      expect(placesIn([first, last, norm('tail', 'last')])).toEqual(both);
    },
  );

  test('features on several levels, of which some are read on', () => {
    const layers = [first, pooling('pool', 'first'), conv('last', 'pool', 16, 'relu')];
    expect(placesIn(layers, { outputs: ['first', 'last'] })).toEqual({ sites: ['first', 'last'], skipped: {} });
  });

  test.each([
    ['an image', [conv('last', 'first', 3, 'relu')]],
    ['fewer than half the channels it is made of', [conv('last', 'first', 7, 'relu')]],
    [
      'logits',
      [conv('last', 'first', 16, 'relu'), globalPooling('pooled', 'last'), activation('scores', 'pooled', 'softmax')],
    ],
    ['a range of 255', [conv('last', 'first', 16, 'linear'), layer('ReLU', 'clip', { max_value: 255 }, ['last'])]],
    ['a map that was made larger', [upsampling('up', 'first'), conv('last', 'up', 16, 'relu')]],
  ])('%s: no module', (_, layers) => {
    expect(placesIn([first, ...layers], { minUnits: 1 })).toEqual(onlyFirst);
  });
});

describe('attention', () => {
  const encoder = [
    conv('skip', 'image', 16, 'relu'),
    pooling('pool', 'skip'),
    conv('deep', 'pool', 32, 'relu'),
    conv('deeper', 'deep', 32, 'relu'),
    pointwise('signal', 'deeper', 16, 'relu'),
  ];
  const strided = conv('theta', 'skip', 16, 'linear', { kernel_size: [2, 2], strides: [2, 2] });
  const gate = (merge: string) => [
    strided,
    pointwise('phi', 'signal', 16),
    layer(merge, 'merged', merge === 'Add' ? {} : { axis: 3 }, ['theta', 'phi']),
    activation('hidden', 'merged', 'relu'),
    pointwise('psi', 'hidden', 1),
    activation('scores', 'psi', 'sigmoid'),
    upsampling('large', 'scores'),
    layer('Multiply', 'attended', {}, ['large', 'skip']),
    upsampling('up', 'deeper'),
    layer('Concatenate', 'joined', { axis: 3 }, ['up', 'attended']),
    conv('decoded', 'joined', 16, 'relu'),
    pointwise('last', 'decoded', 1, 'sigmoid'),
  ];

  test.each(['Add', 'Concatenate'])('in a U-Net, by an %s: the gate is no block', (merge) => {
    expect(placesIn([...encoder, ...gate(merge)])).toEqual({
      sites: ['skip', 'deep', 'deeper', 'decoded'],
      skipped: {
        signal: 'makes-gate',
        theta: 'makes-gate',
        phi: 'makes-gate',
        psi: 'makes-gate',
        last: 'makes-logits',
      },
    });
  });

  test('over places, by a filter of its own', () => {
    const layers = [
      first,
      conv('scores', 'first', 1, 'sigmoid', { kernel_size: [7, 7] }),
      layer('Multiply', 'attended', {}, ['first', 'scores']),
      globalPooling('pooled', 'attended'),
      dense('classes', 'pooled'),
    ];
    expect(placesIn(layers)).toEqual({ sites: ['first'], skipped: { scores: 'makes-gate' } });
  });

  test('inside a unit, module by module behind its convolutions', () => {
    const layers = [
      first,
      conv('a', 'first', 16, 'relu'),
      pointwise('scores', 'a', 16, 'sigmoid'),
      layer('Multiply', 'attended', {}, ['a', 'scores']),
      conv('b', 'attended', 16, 'linear'),
      layer('Add', 'sum', {}, ['first', 'b']),
      globalPooling('pooled', 'sum'),
    ];
    expect(placesIn(layers)).toEqual({ sites: ['b'], skipped: {} });
    expect(placesIn(layers, { granularity: 'conv' })).toEqual({
      sites: ['a', 'b'],
      skipped: { scores: 'makes-gate' },
    });
  });

  test('a mask that a whole network makes leaves that its blocks', () => {
    const mask = [first, conv('second', 'first', 8, 'relu'), conv('mask', 'second', 3, 'sigmoid')];
    expect(placesIn([...mask, layer('Multiply', 'masked', {}, ['image', 'mask'])])).toEqual({
      sites: ['first', 'second'],
      skipped: { mask: 'makes-logits' },
    });
  });
});

test.each(['Add', 'Subtract'])('an image that a whole network corrects, by an %s, is no shortcut', (merge) => {
  const layers = [
    first,
    conv('second', 'first', 16, 'relu'),
    conv('noise', 'second', 3, 'linear'),
    layer(merge, 'clean', {}, ['image', 'noise']),
  ];
  expect(placesIn(layers)).toEqual({ sites: ['first', 'second'], skipped: { noise: 'makes-logits' } });
});

test.each([['sigmoid'], ['softplus', 'tanh']])(
  'a swish or mish in layers of its own ends a unit: %s',
  (...functions) => {
    const unit = (name: string, before: string): LayerJson[] => [
      conv(name, before, 16, 'linear'),
      norm(`${name}_norm`, name),
      ...functions.map((each, index) =>
        activation(`${name}_${index}`, index === 0 ? `${name}_norm` : `${name}_${index - 1}`, each),
      ),
      layer('Multiply', `${name}_act`, {}, [`${name}_norm`, `${name}_${functions.length - 1}`]),
    ];
    const units = [...unit('a', 'image'), ...unit('b', 'a_act')];
    const both = { sites: ['a_act', 'b_act'], skipped: {} };
    expect(placesIn([...units, globalPooling('pooled', 'b_act'), dense('classes', 'pooled')])).toEqual(both);
    expect(placesIn(units)).toEqual(both);
  },
);

describe('fewer channels than twice the least units', () => {
  const layers = [
    first,
    conv('narrow', 'first', 3, 'relu'),
    conv('wide', 'narrow', 4, 'relu'),
    globalPooling('pooled', 'wide'),
    dense('classes', 'pooled'),
  ];
  const few = { narrow: 'too-few-channels' };

  test.each<[Partial<RetrofitOptions>, readonly string[], Config]>([
    [{}, ['first', 'wide'], few],
    [{ minUnits: 1 }, ['first', 'narrow', 'wide'], {}],
    [{ minUnits: 3 }, ['first'], { ...few, wide: 'too-few-channels' }],
    [{ granularity: 'conv' }, ['first', 'wide'], few],
    [{ granularity: 'stage' }, ['wide'], { first: 'not-last-of-stage', narrow: 'not-last-of-stage' }],
    // The input of `first` is the image, and that of `wide` is narrow.
    [{ placement: 'pre' }, ['first'], { image: 'too-few-channels', narrow: 'too-few-channels' }],
  ])('%j', (options, sites, skipped) => {
    expect(placesIn(layers, options)).toEqual({ sites, skipped });
  });

  test('a layer that --at names is refused with the reason', () => {
    try {
      planRetrofit(modelOf(layers), { at: ['narrow'] });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(RetrofitError);
      expect(error).toMatchObject({
        code: 'nothing-chosen',
        reasons: [{ code: 'too-few-channels', layer: 'narrow' }],
      });
    }
    expect(planRetrofit(modelOf(layers), { at: ['narrow', 'wide'] }).skipped).toEqual([
      { layer: 'narrow', stage: 1, reason: 'too-few-channels' },
    ]);
  });
});

test('where no block was found, the layers that nobody can look into are named', () => {
  const layers = [
    layer('Hub>Backbone', 'features', { depth: 50 }, ['image']),
    globalPooling('pooled', 'features'),
    dense('classes', 'pooled'),
  ];
  expect(() => planRetrofit(modelOf(layers))).toThrow(
    expect.objectContaining({
      code: 'nothing-found',
      where: expect.objectContaining({ layer: 'features' }),
      message: expect.stringContaining('Hub>Backbone "features"'),
    }),
  );
  const plain = [conv('last', 'image', 8, 'tanh')];
  expect(() => planRetrofit(modelOf(plain))).toThrow(
    expect.objectContaining({ code: 'nothing-found', reasons: [{ code: 'makes-logits', layer: 'last' }] }),
  );
});
