import { describe, expect, test } from 'vitest';
import { makeFolders, run } from '../support/cli.js';
import {
  type BuiltModel,
  groupOf,
  input,
  layer,
  layerOf,
  layersOf,
  nested,
  WEIGHT_FILE,
  weightOf,
} from '../support/model-builder.js';
import { addWeight, expectRefused, type Row, refuses, writeBroken, writeText } from './refused.js';

// docs/HOSTILE.md, rows 4, 7 and 9: what a manifest says of weights.

const newFolder = makeFolders();

const GROUP = 'weightsManifest[0]';
/** The first weights of the manifest, by number. */
const STEM_KERNEL = `${GROUP}.weights[0]`;
const STEM_BIAS = `${GROUP}.weights[1]`;

describe('two of what there is one of (row 4)', () => {
  /** Two nested models, one behind the other, each with a layer called twin; and so many weights of that name. */
  const addTwins = (model: BuiltModel, weights: number) => {
    const twins = () => [input('x', [4]), layer('Dense', 'twin', { units: 4, use_bias: false }, ['x'])];
    const second = nested('second', twins(), ['first']);
    second.inbound_nodes = [[['first', 1, 0, {}]]];
    layersOf(model).push(nested('first', twins(), ['pool']), second);
    for (let count = 0; count < weights; count++) addWeight(model, 'twin/kernel', [4, 4]);
  };

  refuses(newFolder, [
    [
      'a file twice',
      (model) => groupOf(model).paths.push(WEIGHT_FILE),
      { code: 'bad-manifest', field: `${GROUP}.paths[1]`, words: ['"weights.bin" is listed twice'] },
    ],
    [
      'a file twice, in two spellings',
      (model) => groupOf(model).paths.push('./weights.bin'),
      { code: 'bad-manifest', field: `${GROUP}.paths[1]`, words: ['listed twice', `${GROUP}.paths[0]`] },
    ],
    [
      'a file in two groups',
      (model) => model.json.weightsManifest.push({ paths: [WEIGHT_FILE], weights: [] }),
      { code: 'bad-manifest', field: 'weightsManifest[1].paths[0]', words: ['listed twice'] },
    ],
    [
      'two weights of one name',
      (model) => addWeight(model, 'a/bias', [4]),
      {
        code: 'bad-manifest',
        field: `${GROUP}.weights[8]`,
        words: ['two weights are called "a/bias"', `${GROUP}.weights[3]`],
      },
    ],
    [
      'two weights of one name, in two groups',
      (model) => {
        const weights = [{ name: 'a/bias', shape: [4], dtype: 'float32' }];
        model.json.weightsManifest.push({ paths: ['2.bin'], weights });
        model.files.set('2.bin', new Uint8Array(16));
      },
      { code: 'bad-manifest', field: 'weightsManifest[1].weights[0]', words: ['"a/bias"'] },
    ],
    [
      'equal layer names in two nested models: one weight, two owners',
      (model) => addTwins(model, 1),
      {
        code: 'duplicate-weight',
        layer: 'twin',
        field: `${GROUP}.weights[8].name`,
        words: ['two layers called "twin"', '"twin/kernel"'],
      },
    ],
    [
      'equal layer names in two nested models: two weights',
      (model) => addTwins(model, 2),
      { code: 'bad-manifest', field: `${GROUP}.weights[9]`, words: ['"twin/kernel"'] },
    ],
  ]);
});

describe('dimensions (row 7)', () => {
  const MANY = 'more elements than a computer can address';
  const WHOLE = 'no whole number';

  test.each([
    ['[-4]', WHOLE],
    ['[-2, -2]', WHOLE],
    ['[4.5]', WHOLE],
    ['[NaN]', WHOLE],
    ['[Infinity]', WHOLE],
    ['[1e400]', WHOLE],
    ['[null]', WHOLE],
    ['["4"]', WHOLE],
    ['[[4]]', WHOLE],
    ['[9007199254740993]', WHOLE],
    ['[18446744073709551620]', WHOLE],
    ['[4294967296, 4294967297]', MANY],
    ['[65536, 65536, 65536, 65536, 4]', MANY],
    ['[0, 4294967296, 4294967296]', MANY],
    ['4', 'no shape'],
    ['null', 'no shape'],
    ['{"0": 4, "length": 1}', 'no shape'],
  ])('%s', async (shape, said) => {
    const folder = newFolder();
    const model = writeText(folder, (text) => text.replace('"stem/bias","shape":[4]', `"stem/bias","shape":${shape}`));
    const field = `${STEM_BIAS}.shape`;
    await expectRefused(folder, [model], { code: 'bad-manifest', field, words: ['"stem/bias"', said] });
  });

  test.each(['-4', '0', '4.5', 'NaN', 'Infinity', '1e400', '9007199254740993'])('filters: %s', async (filters) => {
    const folder = newFolder();
    const model = writeText(folder, (text) => text.replace('"filters":4', `"filters":${filters}`));
    const field = 'modelTopology.config.layers[1].config.filters';
    await expectRefused(folder, [model], { code: 'bad-size', layer: 'stem', field, words: ['"filters" is'] });
  });

  /** The config of a layer that takes the place of the layer called `a`, or stands behind `pool`. */
  const size = (className: string, config: Record<string, unknown>, said: string): Row => {
    const [key, value] = Object.entries(config).at(-1)!;
    const where = ['InputLayer', 'Conv2D'].includes(className) ? 'layers[2]' : 'layers[8]';
    return [
      `${className} with ${key} ${JSON.stringify(value)}`,
      (model) => {
        if (where === 'layers[8]') layersOf(model).push(layer(className, 'new', config, ['rectified']));
        else
          Object.assign(layerOf(model, 'a'), { class_name: className }).config = {
            ...layerOf(model, 'a').config,
            ...config,
          };
      },
      {
        code: 'bad-size',
        layer: where === 'layers[8]' ? 'new' : 'a',
        field: `modelTopology.config.${where}.config.${key}`,
        words: [`"${key}" is ${said}`, 'it wants'],
      },
    ];
  };

  refuses(newFolder, [
    size('InputLayer', { batch_input_shape: [null, -8, 8, 3] }, '[null, -8, 8, 3]'),
    size('InputLayer', { batch_input_shape: [null, 8, 8.5, 3] }, '[null, 8, 8.5, 3]'),
    size('InputLayer', { batch_input_shape: [null, 2 ** 60, 8, 3] }, '[null, 1152921504606847000, 8, 3]'),
    size('InputLayer', { batch_input_shape: [null, 2 ** 30, 2 ** 30, 3] }, '[null, 1073741824, 1073741824, 3]'),
    size('InputLayer', { batch_input_shape: [null, '8', 8, 3] }, '[null, "8", 8, 3]'),
    size('InputLayer', { batch_input_shape: 8 }, '8'),
    size('InputLayer', { batch_shape: [null, -8, 8, 3] }, '[null, -8, 8, 3]'),
    size('Conv2D', { filters: '4' }, '"4"'),
    size('Conv2D', { filters: null }, 'null'),
    size('Conv2D', { filters: [4] }, '[4]'),
    size('Conv2D', { kernel_size: [3, 0] }, '[3, 0]'),
    size('Conv2D', { kernel_size: [3, 3, 3] }, '[3, 3, 3]'),
    size('Conv2D', { kernel_size: null }, 'null'),
    size('Conv2D', { strides: [0, 0] }, '[0, 0]'),
    size('Conv2D', { strides: -1 }, '-1'),
    size('Conv2D', { dilation_rate: [1.5, 1.5] }, '[1.5, 1.5]'),
    size('Conv2D', { groups: -1 }, '-1'),
    size('DepthwiseConv2D', { kernel_size: 3, depth_multiplier: 0 }, '0'),
    size('Conv2DTranspose', { filters: 4, kernel_size: 3, output_padding: [0, -1] }, '[0, -1]'),
    size('MaxPooling2D', { pool_size: [2, -2] }, '[2, -2]'),
    size('AveragePooling2D', { pool_size: 2, strides: [0, 1] }, '[0, 1]'),
    size('UpSampling2D', { size: [2, 0.5] }, '[2, 0.5]'),
    size(
      'ZeroPadding2D',
      {
        padding: [
          [0, -1],
          [0, 1],
        ],
      },
      '[[0, -1], [0, 1]]',
    ),
    size('ZeroPadding2D', { padding: 'same' }, '"same"'),
    size('Cropping2D', { cropping: [1, 1.5] }, '[1, 1.5]'),
    size('Dense', { units: -3 }, '-3'),
    size('Dense', { units: null }, 'null'),
    size('Dense', { units: true }, 'true'),
    size('Embedding', { input_dim: 10, output_dim: 0 }, '0'),
    size('Reshape', { target_shape: [-1, -1] }, '[-1, -1]'),
    size('Reshape', { target_shape: [-2] }, '[-2]'),
    size('Reshape', { target_shape: [2 ** 30, 2 ** 30] }, '[1073741824, 1073741824]'),
    size('Permute', { dims: [0, 1, 2] }, '[0, 1, 2]'),
    size('RepeatVector', { n: 2.5 }, '2.5'),
    size('Concatenate', { axis: 'last' }, '"last"'),
    size('BatchNormalization', { axis: [3.5] }, '[3.5]'),
    size('GroupNormalization', { groups: 0 }, '0'),
  ]);

  test('a shape that a Sequential model was built with', async () => {
    const folder = newFolder();
    const model = writeBroken(folder, ({ json }) => {
      const sequential = { name: 'chain', build_input_shape: [null, -4], layers: [layer('ReLU', 'first', {}, [])] };
      Object.assign(json, { modelTopology: { class_name: 'Sequential', config: sequential }, weightsManifest: [] });
    });
    const field = 'modelTopology.config.build_input_shape';
    await expectRefused(folder, [model], { code: 'bad-size', layer: 'first', field, words: ['[null, -4]'] });
  });

  test.each<[className: string, config: Record<string, unknown>]>([
    ['OurOwnLayer', { filters: -1, kernel_size: 'large', strides: null }],
    ['Reshape', { target_shape: [null, 4] }],
    ['Reshape', { target_shape: [-1, 4] }],
    ['AveragePooling2D', { pool_size: null, strides: null }],
    ['UpSampling2D', { size: { class_name: '__tuple__', items: [2, 2] } }],
    ['ZeroPadding2D', { padding: 1 }],
    ['Softmax', { axis: [-1] }],
  ])('%s with %j is taken', async (className, config) => {
    const model = writeBroken(newFolder(), (built) => {
      layersOf(built).push(layer(className, 'new', config, ['rectified']));
    });
    expect((await run([model, '--dry-run'])).code).toBe(0);
  });
});

describe('dtypes and quantisation that are not known (row 9)', () => {
  const withQuantization = (quantization: unknown, dtype = 'float32') => {
    return (model: BuiltModel) => Object.assign(weightOf(model, 'stem/kernel'), { dtype, quantization });
  };
  const field = `${STEM_KERNEL}.quantization`;

  refuses(newFolder, [
    ...['bfloat16', 'FLOAT32', '', 'constructor', 'float64'].map(
      (dtype): Row => [
        `dtype "${dtype}"`,
        (model) => Object.assign(weightOf(model, 'stem/kernel'), { dtype }),
        {
          code: 'bad-manifest',
          field: `${STEM_KERNEL}.dtype`,
          words: [`"stem/kernel" has the unknown dtype "${dtype}"`],
        },
      ],
    ),
    [
      'no dtype',
      (model) => Object.assign(weightOf(model, 'stem/kernel'), { dtype: undefined }),
      { code: 'bad-manifest', field: `${STEM_KERNEL}.dtype`, words: ['unknown dtype null'] },
    ],
    ...[
      { dtype: 'int4', scale: 1, min: 0 },
      { dtype: 'toString' },
      { scale: 1, min: 0 },
      {},
      'uint8',
      7,
      [],
      true,
      false,
      null,
    ].map(
      (quantization): Row => [
        `quantization ${JSON.stringify(quantization)}`,
        withQuantization(quantization),
        { code: 'bad-manifest', field: `${field}.dtype`, words: ['"stem/kernel" has the unknown quantization'] },
      ],
    ),
    ...[
      { dtype: 'uint8', min: 0 },
      { dtype: 'uint16', scale: 1 },
      { dtype: 'uint8', scale: '1', min: 0 },
      { dtype: 'uint8', scale: 1, min: null },
    ].map(
      (quantization): Row => [
        `quantization ${JSON.stringify(quantization)}`,
        withQuantization(quantization),
        { code: 'bad-manifest', field, words: ['"stem/kernel" is quantized without'] },
      ],
    ),
    ...[
      ['int32', { dtype: 'float16' }],
      ['bool', { dtype: 'uint8', scale: 1, min: 0 }],
      ['string', { dtype: 'uint8', scale: 1, min: 0 }],
    ].map(
      ([dtype, quantization]): Row => [
        `${dtype} with quantization ${JSON.stringify(quantization)}`,
        withQuantization(quantization, dtype as string),
        { code: 'bad-manifest', field, words: [`"stem/kernel" is ${dtype}`] },
      ],
    ),
  ]);

  test('a scale that is no number a file can hold', async () => {
    const folder = newFolder();
    const quantization = '"quantization":{"dtype":"uint8","scale":1e400,"min":0},';
    const model = writeText(folder, (text) => text.replace('{"name":"stem/kernel",', `$&${quantization}`));
    await expectRefused(folder, [model], { code: 'bad-manifest', field, words: ['without a "scale"'] });
  });
});
