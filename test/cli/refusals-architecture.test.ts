import { describe } from 'vitest';
import { makeFolders } from '../support/cli.js';
import { type BuiltModel, groupOf, layersOf, WEIGHT_FILE, weightOf } from '../support/model-builder.js';
import { addWeight, type Refusal, type Row, refuses, resize } from './refused.js';

// docs/HOSTILE.md, row 23: weights that belong to another architecture.

const newFolder = makeFolders();

/** Leaves a weight out, and as many bytes. */
function dropWeight(model: BuiltModel, name: string): void {
  const { shape } = weightOf(model, name);
  groupOf(model).weights = groupOf(model).weights.filter((weight) => weight.name !== name);
  resize(model, -4 * (shape as number[]).reduce((product, size) => product * size, 1));
}

describe('weights of another architecture: the first layer that does not fit (row 23)', () => {
  const mismatch = (layerName: string, ...words: readonly (string | RegExp)[]): Refusal => ({
    code: 'weights-mismatch',
    layer: layerName,
    field: 'weights',
    words,
  });

  refuses(newFolder, [
    [
      'the same bytes in another shape',
      (model) => Object.assign(weightOf(model, 'a/kernel'), { shape: [4, 4, 3, 3] }),
      mismatch('a', '"kernel" has the shape [4, 4, 3, 3]', '[3, 3, 4, 4]'),
    ],
    [
      'another rank',
      (model) => Object.assign(weightOf(model, 'a/kernel'), { shape: [144] }),
      mismatch('a', '"kernel" has the shape [144]'),
    ],
    [
      'three wrong ones',
      (model) => {
        for (const name of ['classes/kernel', 'b/bias', 'a/bias']) weightOf(model, name).shape.push(1);
      },
      mismatch('a', '"bias" has the shape [4, 1]'),
    ],
    [
      'a layer with more units than weights',
      (model) => Object.assign(layersOf(model).at(-1)!.config, { units: 4 }),
      mismatch('classes', '"kernel" has the shape [4, 3]', '[4, 4]'),
    ],
    ['a missing weight', (model) => dropWeight(model, 'b/bias'), mismatch('b', '"bias" is missing')],
    [
      'a weight too much: the bias of a layer without one',
      (model) => Object.assign(layersOf(model)[2]!.config, { use_bias: false }),
      mismatch('a', '"bias"', 'no use for'),
    ],
    [
      'a weight too much: of another kind of layer',
      (model) => addWeight(model, 'b/gamma', [4]),
      mismatch('b', '"gamma"', 'no use for'),
    ],
    [
      'a weight of no layer',
      (model) => addWeight(model, 'block5_conv1/kernel', [4]),
      {
        code: 'weights-mismatch',
        field: 'weightsManifest[0].weights[8].name',
        words: ['"block5_conv1/kernel" belongs to no layer'],
      },
    ],
    [
      'a weight of a layer that has none',
      (model) => addWeight(model, 'sum/kernel', [4]),
      { code: 'weights-mismatch', field: 'weightsManifest[0].weights[8].name', words: ['"sum/kernel"'] },
    ],
    [
      'a weight without a layer in its name',
      (model) => Object.assign(weightOf(model, 'a/kernel'), { name: 'kernel' }),
      { code: 'weights-mismatch', field: 'weightsManifest[0].weights[2].name', words: ['"kernel"'] },
    ],
    ...(
      [
        ['int32', 4],
        ['bool', 1],
        ['complex64', 8],
        ['uint8', 1],
        // Three empty strings: nothing but their lengths.
        ['string', 4],
      ] as const
    ).map(
      ([dtype, bytes]): Row => [
        `${dtype} for float32`,
        (model) => {
          weightOf(model, 'classes/bias').dtype = dtype;
          model.files.get(WEIGHT_FILE)!.fill(0, -12);
          resize(model, 3 * (bytes - 4));
        },
        mismatch('classes', `"bias" is stored as ${dtype}`),
      ],
    ),
    [
      'whole numbers that are quantised',
      (model) => {
        const quantization = { dtype: 'uint8', scale: 1, min: 0 };
        Object.assign(weightOf(model, 'classes/bias'), { dtype: 'int32', quantization });
        resize(model, -9);
      },
      mismatch('classes', '"bias" is stored as int32'),
    ],
    [
      'a weight that would be doubled',
      (model) => Object.assign(weightOf(model, 'b/kernel'), { dtype: 'int32' }),
      mismatch('b', '"kernel" is stored as int32'),
    ],
  ]);
});
