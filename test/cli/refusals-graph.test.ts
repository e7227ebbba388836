import { truncateSync } from 'node:fs';
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
} from '../support/model-builder.js';
import { expectRefused, type Refusal, type Row, refuses, writeBroken, writeText } from './refused.js';

// docs/HOSTILE.md, rows 5, 10 and 12: JSON that is read in two ways or never ends, graphs that loaders choke on.

const newFolder = makeFolders();

describe('duplicate keys, with their path (row 5)', () => {
  test.each<[before: string, twice: string, field: string]>([
    ['"format":', '"format":"graph-model","format":', 'format'],
    ['"format":', '"f\\u006frmat":"graph-model","format":', 'format'],
    ['"generatedBy":', '"weightsManifest":[],"generatedBy":', 'weightsManifest'],
    ['"backend":', '"config":{},"backend":', 'modelTopology.config'],
    ['"filters":4', '"filters":4,"filters":8', 'modelTopology.config.layers[1].config.filters'],
    ['"sparse":', '"a.b":1,"a.b":2,"sparse":', 'modelTopology.config.layers[0].config["a.b"]'],
    ['"sparse":', '"__proto__":1,"__proto__":2,"sparse":', 'modelTopology.config.layers[0].config.__proto__'],
    ['"shape":[3,3,3,4]', '"shape":[3,3,3,4],"shape":[4]', 'weightsManifest[0].weights[0].shape'],
  ])('%s as %s', async (before, twice, field) => {
    const folder = newFolder();
    const model = writeText(folder, (text) => text.replace(before, twice));
    await expectRefused(folder, [model], { code: 'bad-json', field, words: ['duplicate key'] });
  });
});

test('a layer that is named in its config only: TensorFlow.js would look for it for ever (row 12)', async () => {
  const folder = newFolder();
  const model = writeText(folder, (text) => {
    const json = JSON.parse(text);
    delete json.modelTopology.config.layers[1].name;
    return JSON.stringify(json);
  });
  await expectRefused(folder, [model], { code: 'bad-topology', field: 'modelTopology.config.layers[1].name' });
});

describe('JSON without end (row 10)', () => {
  const MILLION = 1_000_000;

  test.each<[name: string, text: string, field: string]>([
    ['arrays', `{"modelTopology":${'['.repeat(MILLION)}`, `modelTopology${'[0]'.repeat(500)}`],
    [
      'arrays, all closed,',
      `{"modelTopology":${'['.repeat(MILLION)}${']'.repeat(MILLION)}}`,
      `modelTopology${'[0]'.repeat(500)}`,
    ],
    ['objects', '{"config":'.repeat(MILLION), Array(501).fill('config').join('.')],
  ])('%s a million deep', async (_, text, field) => {
    const folder = newFolder();
    const model = writeText(folder, () => text);
    await expectRefused(folder, [model], { code: 'bad-json', field, words: ['nested more than 500 levels deep'] });
  });

  test('300 MB', async () => {
    const folder = newFolder();
    const model = writeText(folder, (text) => text);
    truncateSync(model, 300 * 2 ** 20);
    await expectRefused(folder, [model], { code: 'bad-json', words: [String(300 * 2 ** 20), String(256 * 2 ** 20)] });
  });

  refuses(newFolder, [
    [
      'models nested 40 deep',
      (model) => {
        let inner = [input('x0', [4]), layer('Dense', 'deepest', { units: 4 }, ['x0'])];
        for (let depth = 1; depth < 40; depth++) {
          inner = [input(`x${depth}`, [4]), nested(`deep${depth}`, inner, [`x${depth}`])];
        }
        layersOf(model).push(nested('deep', inner, ['pool']));
      },
      {
        code: 'bad-topology',
        field: `modelTopology.config.layers[8]${'.config.layers[1]'.repeat(32)}`,
        words: ['nested more than 32 deep'],
      },
    ],
  ]);

  test.each<[name: string, spoil: (text: string) => string, words: string, field?: string]>([
    ['the end is missing', (text) => text.slice(0, -2), 'expected ","', 'weightsManifest'],
    ['something follows', (text) => `${text}{}`, 'text after the end'],
    ['a comma too much', (text) => text.replace(/}$/, ',}'), 'expected a key'],
    [
      'a string without an end',
      (text) => text.slice(0, text.lastIndexOf('"')),
      'unfinished string',
      'weightsManifest[0].weights[7].dtype',
    ],
  ])('%s', async (_, spoil, words, field) => {
    const folder = newFolder();
    const where = field === undefined ? {} : { field };
    await expectRefused(folder, [writeText(folder, spoil)], { code: 'bad-json', ...where, words: [words] });
  });
});

describe('graphs (row 12)', () => {
  const CONFIG = 'modelTopology.config';
  const LAYERS = `${CONFIG}.layers`;
  const reads = (model: BuiltModel, name: string, ...references: unknown[][]) => {
    layerOf(model, name).inbound_nodes = [references.map((reference) => [...reference, {}])];
  };
  const bad = (layerName: string, field: string, ...words: readonly (string | RegExp)[]): Refusal => ({
    code: 'bad-graph',
    layer: layerName,
    field,
    words,
  });
  const ends = (model: BuiltModel, field: 'input_layers' | 'output_layers', ...references: unknown[]) => {
    model.json.modelTopology.config[field] = references;
  };

  refuses(newFolder, [
    [
      'a layer that reads itself',
      (model) => reads(model, 'a', ['a', 0, 0]),
      bad('a', `${LAYERS}[2].inbound_nodes`, 'cycle'),
    ],
    [
      'two layers that read each other',
      (model) => reads(model, 'a', ['b', 0, 0]),
      bad('a', `${LAYERS}[2].inbound_nodes`, 'its own output: a cycle'),
    ],
    [
      'a cycle over many layers, with an entrance',
      (model) => reads(model, 'sum', ['stem', 0, 0], ['pool', 0, 0]),
      bad('sum', `${LAYERS}[4].inbound_nodes`, 'a cycle'),
    ],
    [
      'a cycle in a nested model',
      (model) => {
        const inner = [
          input('x', [4]),
          layer('Add', 'sum', {}, ['x', 'y']),
          layer('Dense', 'y', { units: 4 }, ['sum']),
        ];
        layersOf(model).push(nested('inner', inner, ['pool']));
      },
      bad('sum', `${LAYERS}[8].config.layers[1].inbound_nodes`, 'a cycle'),
    ],
    [
      'a cycle beside the way to the output',
      (model) => layersOf(model).push(layer('Add', 'm', {}, ['n', 'a']), layer('Add', 'n', {}, ['m', 'a'])),
      bad('m', `${LAYERS}[8].inbound_nodes`, 'a cycle'),
    ],
    [
      'a layer that does not exist',
      (model) => reads(model, 'a', ['nowhere', 0, 0]),
      {
        code: 'bad-graph',
        layer: 'a',
        field: 'modelTopology.config.layers[2].inbound_nodes[0][0]',
        words: ['"nowhere"'],
      },
    ],
    ...['__proto__', 'constructor'].map(
      (name): Row => [
        `a layer that does not exist: ${name}`,
        (model) => reads(model, 'sum', ['stem', 0, 0], [name, 0, 0]),
        bad('sum', 'modelTopology.config.layers[4].inbound_nodes[0][1]', `"${name}"`),
      ],
    ),
    [
      'a layer of another model',
      (model) => {
        layersOf(model).push(nested('inner', [input('x', [4]), layer('Dense', 'y', { units: 4 }, ['x'])], ['pool']));
        reads(model, 'classes', ['y', 0, 0]);
      },
      bad('classes', 'modelTopology.config.layers[7].inbound_nodes[0][0]', '"y"'),
    ],
    [
      'a node that does not exist',
      (model) => reads(model, 'a', ['stem', 1, 0]),
      bad('a', `${LAYERS}[2].inbound_nodes[0]`, 'call 1 of the layer "stem"'),
    ],
    ...[-1, 0.5, '0', null].map(
      (node): Row => [
        `node ${JSON.stringify(node)}`,
        (model) => reads(model, 'a', ['stem', node, 0]),
        bad('a', 'modelTopology.config.layers[2].inbound_nodes[0][0]', '"stem"', 'not in a proper way'),
      ],
    ),
    [
      'a node of 2^60',
      (model) => reads(model, 'a', ['stem', 2 ** 60, 0]),
      bad('a', 'modelTopology.config.layers[2].inbound_nodes[0][0]', '"stem"'),
    ],
    [
      'node 0 of a nested model, which is the call that made it',
      (model) => {
        layersOf(model).push(nested('inner', [input('x', [4]), layer('Dense', 'y', { units: 4 }, ['x'])], ['pool']));
        ends(model, 'output_layers', ['inner', 0, 0]);
      },
      bad('network', `${CONFIG}.output_layers`, 'call -1 of the layer "inner"'),
    ],
    [
      'a layer that nothing calls',
      (model) => Object.assign(layerOf(model, 'stem'), { inbound_nodes: [] }),
      bad('a', `${LAYERS}[2].inbound_nodes[0]`, 'call 0 of the layer "stem"', /0 time/),
    ],
    [
      'two layers of one name',
      (model) => layersOf(model).push(layer('Activation', 'a', { activation: 'relu' }, ['stem'])),
      bad('a', `${LAYERS}[8].name`, 'two layers'),
    ],
    [
      'two layers of one name in a nested model',
      (model) => {
        const twin = (before: string) => layer('Activation', 'y', { activation: 'relu' }, [before]);
        layersOf(model).push(nested('inner', [input('x', [4]), twin('x'), twin('x')], ['pool']));
      },
      bad('y', `${LAYERS}[8].config.layers[2].name`, 'two layers'),
    ],
    [
      'an output that does not exist',
      (model) => ends(model, 'output_layers', ['nowhere', 0, 0]),
      { code: 'bad-graph', field: 'modelTopology.config.output_layers', words: ['"nowhere"'] },
    ],
    [
      'an output at a node that does not exist',
      (model) => ends(model, 'output_layers', ['classes', 7, 0]),
      bad('network', `${CONFIG}.output_layers`, 'call 7 of the layer "classes"'),
    ],
    [
      'an input that does not exist',
      (model) => ends(model, 'input_layers', ['nowhere', 0, 0]),
      { code: 'bad-graph', field: 'modelTopology.config.input_layers', words: ['"nowhere"'] },
    ],
    [
      'no outputs',
      (model) => ends(model, 'output_layers'),
      { code: 'bad-topology', field: 'modelTopology.config.output_layers', words: ['none'] },
    ],
    [
      'outputs of a nested model that do not exist',
      (model) => {
        const inner = nested('inner', [input('x', [4]), layer('Dense', 'y', { units: 4 }, ['x'])], ['pool']);
        Object.assign(inner.config, { output_layers: [['classes', 0, 0]] });
        layersOf(model).push(inner);
      },
      { code: 'bad-graph', field: 'modelTopology.config.layers[8].config.output_layers', words: ['"classes"'] },
    ],
    [
      'a second output of a nested model with one',
      (model) => {
        layersOf(model).push(nested('inner', [input('x', [4]), layer('ReLU', 'y', {}, ['x'])], ['pool']));
        reads(model, 'classes', ['inner', 1, 1]);
      },
      bad('classes', `${LAYERS}[7].inbound_nodes[0]`, 'output 1 of "inner"', 'has 1'),
    ],
    [
      'a second output of a layer with one',
      (model) => reads(model, 'a', ['stem', 0, 1]),
      bad('a', `${LAYERS}[2].inbound_nodes[0]`, 'output 1 of "stem", which has 1'),
    ],
    [
      'a second output of a layer with one, as an output',
      (model) => ends(model, 'output_layers', ['classes', 0, 1]),
      bad('network', `${CONFIG}.output_layers`, 'output 1 of "classes"'),
    ],
    [
      'a second output of an input',
      (model) => ends(model, 'input_layers', ['image', 0, 1]),
      bad('network', `${CONFIG}.input_layers`, 'output 1 of "image"'),
    ],
    [
      'an input at a node that does not exist',
      (model) => ends(model, 'input_layers', ['image', 1, 0]),
      bad('network', `${CONFIG}.input_layers`, 'call 1 of the layer "image"'),
    ],
    [
      'an input that is no input layer',
      (model) => ends(model, 'input_layers', ['stem', 0, 0]),
      bad('network', `${CONFIG}.input_layers`, '"stem" is no input layer but a Conv2D'),
    ],
    [
      'an input of a nested model that is no input layer',
      (model) => {
        const inner = nested('inner', [input('x', [4]), layer('ReLU', 'y', {}, ['x'])], ['pool']);
        Object.assign(inner.config, { input_layers: [['y', 0, 0]] });
        layersOf(model).push(inner);
      },
      bad('inner', `${LAYERS}[8].config.input_layers`, '"y" is no input layer'),
    ],
  ]);

  test.each(['Lambda', 'OurOwnLayer', 'LSTM'])('a second output of a %s, which may have one', async (className) => {
    const model = writeBroken(newFolder(), (built) => {
      layersOf(built).push(layer(className, 'many', { units: 4 }, ['rectified']), layer('ReLU', 'new', {}, ['many']));
      reads(built, 'new', ['many', 0, 1]);
      if (className === 'LSTM') addWeights(built, 'many', { kernel: [4, 16], recurrent_kernel: [4, 16], bias: [16] });
    });
    expect((await run([model, '--dry-run'])).code).toBe(0);
  });
});

/** Weights of zeros, in the model's file. */
function addWeights(model: BuiltModel, name: string, shapes: Readonly<Record<string, readonly number[]>>): void {
  for (const [weight, shape] of Object.entries(shapes)) {
    groupOf(model).weights.push({ name: `${name}/${weight}`, shape: [...shape], dtype: 'float32' });
    const bytes = new Uint8Array(4 * shape.reduce((product, size) => product * size, 1));
    model.files.set(WEIGHT_FILE, Buffer.concat([model.files.get(WEIGHT_FILE)!, bytes]));
  }
}
