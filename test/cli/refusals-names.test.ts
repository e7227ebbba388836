import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFolders, namesIn } from '../support/cli.js';
import { runHere } from '../support/cli-here.js';
import {
  type BuiltModel,
  buildModel,
  groupOf,
  input,
  type LayerJson,
  layer,
  layerOf,
  layersOf,
  nested,
  renameLayer,
  weightOf,
  writeBuilt,
} from '../support/model-builder.js';
import { addReport } from './add-report.js';
import { addWeight, expectRefused, NET, type Refusal, type Row, refuses, writeBroken } from './refused.js';

// docs/HOSTILE.md, rows 6, 17 and 18: names that are traps for programs or terminals, layers that carry code.

const newFolder = makeFolders();

const NAMED = ['image', 'stem', 'a', 'b', 'sum', 'rectified', 'pool', 'classes'];

/** Retrofits a model; gives the text of the new model.json and the names of the files. */
async function retrofitted(model: BuiltModel) {
  const folder = newFolder();
  const path = writeBuilt(join(folder, NET), model);
  const out = join(folder, 'out');
  const result = await runHere([path, '-o', out]);
  expect(result).toMatchObject({ code: 0 });
  return { ...result, folder, files: namesIn(folder), text: readFileSync(join(out, 'model.json'), 'utf8') };
}

const withNames = (rename: (name: string) => string): BuiltModel => {
  const model = buildModel();
  for (const name of NAMED) renameLayer(model, name, rename(name));
  return model;
};

describe('ordinary names that are traps in JavaScript (row 6)', () => {
  const TRAPS = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'length', 'then'];

  test.each(TRAPS)('%s for each layer in turn: all but the name is as without', async (trap) => {
    const plain = await retrofitted(withNames((name) => `plain-${name}`));
    for (const trapped of ['image', 'a', 'b', 'sum', 'classes']) {
      const { text } = await retrofitted(withNames((name) => (name === trapped ? trap : `plain-${name}`)));
      const quoted = (name: string) => new RegExp(`"${name}(?=["/])`, 'g');
      expect(text.match(quoted(trap))?.length).toBe(plain.text.match(quoted(`plain-${trapped}`))?.length);
      expect(text.replace(quoted(trap), `"plain-${trapped}`)).toBe(plain.text);
    }
  });

  test.each(TRAPS)('%s as a weight, a setting, a class and a model', async (trap) => {
    const model = buildModel();
    const own = layer(trap, 'own', { [trap]: { [trap]: [trap] } }, ['x']);
    Object.defineProperty(own.config, trap, { value: { polluted: true }, enumerable: true });
    const inner = nested(trap, [input('x', [4]), own], ['pool']);
    layersOf(model).splice(-1, 0, inner);
    layerOf(model, 'classes').inbound_nodes = [[[trap, 1, 0, {}]]];
    groupOf(model).weights.unshift({ name: `own/${trap}`, shape: [], dtype: 'int32' });
    model.files.set('weights.bin', Buffer.concat([Buffer.alloc(4), model.files.get('weights.bin')!]));
    const { text } = await retrofitted(model);
    expect(text).toContain(JSON.stringify(own));
    expect(text).toContain(JSON.stringify({ name: `own/${trap}`, shape: [], dtype: 'int32' }));
  });
});

describe('names that are traps for paths and terminals (row 18)', () => {
  const NAMES: readonly string[] = [
    'over/under/',
    '/etc/passwd',
    '../../up',
    '..',
    '.',
    'C:\\x',
    'one\ntwo',
    'one\r\ntwo',
    'nul\0nul',
    '\u001b[31mred\u001b[0m',
    '\u001b]0;title\u0007',
    '\u009b31mred',
    '\u202eright to left',
    'line\u2028separator',
    '\u007f\b\b\b',
    '\u{e0001}tag',
    ' ',
    'x'.repeat(5000),
  ];
  const OUTPUT = ['out/model.json', 'out/se_modules.bin', 'out/weights.bin'];

  /** Nothing that moves a cursor, breaks a line or turns text around; line ends are ours. */
  const expectClean = (text: string) => expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  const codeOf = (name: string): LayerJson => layer('Lambda', name, { function: ['4wEA', null, null] }, ['rectified']);

  test.each(NAMES.map((name) => [name]))('%j', async (name) => {
    const model = withNames((before) => `${name}${before}`);
    layersOf(model).splice(6, 0, { ...codeOf(name), inbound_nodes: [[[`${name}rectified`, 0, 0, {}]]] });
    layerOf(model, `${name}pool`).inbound_nodes = [[[name, 0, 0, {}]]];
    const { stdout, stderr, files, text, folder } = await retrofitted(model);
    expect(files.filter((file) => file.startsWith('out/') && file !== 'out/')).toEqual(OUTPUT);
    expect(files.filter((file) => !file.startsWith('out/'))).toEqual([
      `${NET}/`,
      `${NET}/model.json`,
      `${NET}/weights.bin`,
    ]);
    for (const before of NAMED) expect(text).toContain(JSON.stringify(`${name}${before}`));
    expect(stderr).toContain('warning: ');
    expectClean(stdout);
    expectClean(stderr);
    const path = join(folder, NET);
    for (const words of [
      ['inspect', path],
      [path, '--dry-run', '--markdown', join(folder, 'report.md')],
    ]) {
      const result = await runHere(words);
      expect(result).toMatchObject({ code: 0 });
      expectClean(result.stdout);
      expectClean(result.stderr);
    }
    expectClean(readFileSync(join(folder, 'report.md'), 'utf8'));
    for (const words of [
      ['inspect', path, '--json'],
      [path, '--json', '--dry-run'],
    ]) {
      const json = await runHere(words);
      expectClean(json.stdout);
      expect(JSON.parse(json.stdout).sites[0].after).toBe(`${name}b`);
    }
    await expectRefused(folder, [path, '--deny-code'], { code: 'code-denied', exit: 3, layer: name });
  });

  test('with --json, where errors name a path of the command line', async () => {
    const result = await runHere([join(newFolder(), '\u009b31m\u202e'), '--json']);
    expectClean(result.stdout);
    expectClean(result.stderr);
    expect(JSON.parse(result.stdout).error.where.file).toMatch(/\u009b31m\u202e$/);
  });

  const EVIL = '\u001b[2J\nevil\u009b1m';
  refuses(newFolder, [
    [
      'in the name of a layer',
      (model) => {
        renameLayer(model, 'a', EVIL);
        weightOf(model, `${EVIL}/bias`).shape.push(1);
      },
      { code: 'weights-mismatch', layer: EVIL, field: 'weights' },
    ],
    [
      'in the name of a weight',
      (model) => Object.assign(weightOf(model, 'a/bias'), { name: EVIL }),
      { code: 'weights-mismatch', field: 'weightsManifest[0].weights[3].name', words: [EVIL] },
    ],
    [
      'in a dtype',
      (model) => Object.assign(weightOf(model, 'a/bias'), { dtype: EVIL }),
      { code: 'bad-manifest', field: 'weightsManifest[0].weights[3].dtype' },
    ],
    [
      'in the name of a file',
      (model) => groupOf(model).paths.splice(0, 1, `../${EVIL}`),
      { code: 'unsafe-path', field: 'weightsManifest[0].paths[0]' },
    ],
    [
      'in the name of a file that is missing',
      (model) => groupOf(model).paths.splice(0, 1, EVIL),
      { code: 'weights-missing', field: 'weightsManifest[0].paths[0]' },
    ],
    [
      'in a reference',
      (model) => Object.assign(layerOf(model, 'a'), { inbound_nodes: [[[EVIL, 0, 0, {}]]] }),
      { code: 'bad-graph', layer: 'a', field: 'modelTopology.config.layers[2].inbound_nodes[0][0]', words: ['evil'] },
    ],
    [
      'in the class of the model',
      (model) => {
        model.json.modelTopology.class_name = EVIL;
      },
      { code: 'subclassed-model', field: 'modelTopology.class_name' },
    ],
    [
      'in the format',
      (model) => {
        model.json.format = EVIL;
      },
      { code: 'unknown-format', field: 'format' },
    ],
  ] satisfies readonly Row[]);
});

describe('layers that carry code or read files (row 17)', () => {
  const LAMBDA = { class_name: 'Lambda', config: { name: 'hidden', function: ['4wEA', null, null] } };
  const CARRIED: readonly (readonly [className: string, config: Record<string, unknown>, words: RegExp])[] = [
    ['Lambda', { function: ['4wEA', null, null], function_type: 'lambda' }, /Python code/],
    ['TFSMLayer', { filepath: 'https://localhost/saved', call_endpoint: 'serve' }, /SavedModel/],
    ['TorchModuleWrapper', { module: 'gASV' }, /unpickle/],
    ['StringLookup', { vocabulary: '/etc/passwd' }, /vocabulary/],
    ['IntegerLookup', { vocabulary: '../../secret' }, /vocabulary/],
    ['TextVectorization', { vocabulary: 'file:///etc/passwd' }, /vocabulary/],
    ['my_package>Layer', {}, /my_package>Layer/],
    ['constructor', {}, /"constructor"/],
  ];
  /** A custom object of this name, as Keras 3 writes it. */
  const own = (className: string) => ({ module: 'our.code', class_name: className, config: {}, registered_name: null });
  const HIDDEN: readonly (readonly [
    name: string,
    className: string,
    config: Record<string, unknown>,
    words: RegExp,
  ])[] = [
    ['a Lambda', 'TimeDistributed', { layer: LAMBDA }, /"layer" carries Python code/],
    [
      'a custom layer',
      'Bidirectional',
      { layer: { class_name: 'OurOwnLayer', config: { name: 'hidden' } } },
      /"layer" is of the class "OurOwnLayer"/,
    ],
    [
      'a custom layer for the way back',
      'Bidirectional',
      { layer: { class_name: 'LSTM', config: {} }, backward_layer: { class_name: 'OurOwnLayer', config: {} } },
      /"backward_layer" is of the class "OurOwnLayer"/,
    ],
    [
      'a Lambda, twice wrapped,',
      'TimeDistributed',
      { layer: { class_name: 'TimeDistributed', config: { name: 'outer', layer: LAMBDA } } },
      /"layer\.config\.layer" carries Python code/,
    ],
    ['a Lambda as an activation', 'Activation', { activation: LAMBDA }, /"activation" carries Python code/],
    [
      'a lambda function as an activation',
      'Activation',
      { activation: { class_name: '__lambda__', config: { value: ['4wEA', null, null] } } },
      /"activation" carries Python code/,
    ],
    ['a custom activation', 'Activation', { activation: 'our_activation' }, /"activation" names is "our_activation"/],
    [
      'a custom function as an activation',
      'Activation',
      {
        activation: { module: 'builtins', class_name: 'function', config: 'our_function', registered_name: 'function' },
      },
      /"activation" is the function "our_function"/,
    ],
    [
      'a function of a module of Keras that is no activation',
      'Activation',
      {
        activation: { module: 'keras.utils', class_name: 'function', config: 'get_file', registered_name: 'get_file' },
      },
      /"activation" is the function "get_file"/,
    ],
    [
      'an activation from another module',
      'Activation',
      { activation: { module: 'our.code', class_name: 'function', config: 'relu', registered_name: 'function' } },
      /"activation" is the function "relu" from the module "our\.code"/,
    ],
    ['a custom initializer', 'PReLU', { alpha_initializer: own('Ours') }, /"alpha_initializer" is of the class "Ours"/],
    [
      'an initializer from another module',
      'PReLU',
      { alpha_initializer: own('Zeros') },
      /"alpha_initializer" is of the class "Zeros" from the module "our\.code"/,
    ],
    ['a custom initializer by name', 'PReLU', { alpha_initializer: 'ours' }, /"alpha_initializer" names is "ours"/],
    [
      'a registered regularizer',
      'PReLU',
      { alpha_regularizer: { module: 'keras', class_name: 'L2', config: {}, registered_name: 'ours>L2' } },
      /"alpha_regularizer" is of the class "ours>L2"/,
    ],
    ['a custom constraint', 'PReLU', { alpha_constraint: own('Ours') }, /"alpha_constraint" is of the class "Ours"/],
  ];

  const carry = (className: string, config: Record<string, unknown>) => (model: BuiltModel) => {
    layersOf(model).splice(7, 0, layer(className, 'sneaky', config, ['pool']));
    layerOf(model, 'classes').inbound_nodes = [[['sneaky', 0, 0, {}]]];
  };
  const denied: Refusal = { code: 'code-denied', exit: 3, layer: 'sneaky', words: ['--deny-code'] };

  async function expectWarned(className: string, config: Record<string, unknown>, words: RegExp): Promise<void> {
    const model = buildModel();
    carry(className, config)(model);
    const { text, stderr, folder } = await retrofitted(model);
    expect(text).toContain(JSON.stringify(layerOf(model, 'sneaky')));
    expect(stderr).toMatch(new RegExp(`^warning: sneaky: .*${words.source}`, 'm'));
    const { warnings } = await addReport([join(folder, NET), '--dry-run']);
    expect(warnings).toEqual([{ code: 'carried-code', message: expect.stringMatching(words), where: 'sneaky' }]);
  }

  async function expectDenied(className: string, config: Record<string, unknown>): Promise<void> {
    const folder = newFolder();
    await expectRefused(folder, [writeBroken(folder, carry(className, config)), '--deny-code'], denied);
  }

  test.each(CARRIED)('%s is carried word for word, with a warning', expectWarned);
  test.each(CARRIED)('%s is refused with --deny-code', expectDenied);

  /** With its weights, where the class has some. */
  const hide = (className: string, config: Record<string, unknown>) => (model: BuiltModel) => {
    carry(className, config)(model);
    if (className === 'PReLU') addWeight(model, 'sneaky/alpha', [4]);
  };
  test.each(HIDDEN)('%s in a config: a warning', async (_, className, config, words) => {
    const folder = newFolder();
    const { warnings } = await addReport([writeBroken(folder, hide(className, config)), '--dry-run']);
    expect(warnings).toEqual([{ code: 'carried-code', message: expect.stringMatching(words), where: 'sneaky' }]);
  });
  test.each(HIDDEN)('%s in a config: refused with --deny-code', async (_, className, config, words) => {
    const folder = newFolder();
    const model = writeBroken(folder, hide(className, config));
    await expectRefused(folder, [model, '--deny-code'], { ...denied, words: [words] });
  });

  test('code among the arguments of a call', async () => {
    const folder = newFolder();
    const model = writeBroken(folder, (built) => {
      const lambda = { class_name: '__lambda__', config: { value: ['4wEA', null, null] } };
      carry('Activation', { activation: 'relu' })(built);
      layerOf(built, 'sneaky').inbound_nodes = [[['pool', 0, 0, { mask: lambda }]]];
    });
    await expectRefused(folder, [model, '--deny-code'], { ...denied, words: [/"inbound_nodes.*carries Python code/] });
  });

  test('a layer of a known class from another module', async () => {
    const folder = newFolder();
    const model = writeBroken(folder, (built) => {
      carry('Activation', { activation: 'relu' })(built);
      Object.assign(layerOf(built, 'sneaky'), { module: 'our.code' });
    });
    await expectRefused(folder, [model, '--deny-code'], { ...denied, words: ['the module "our.code"'] });
  });

  test('a vocabulary that is in the model is no code', async () => {
    const folder = newFolder();
    const model = writeBroken(folder, carry('StringLookup', { vocabulary: ['cat', 'dog'] }));
    expect((await addReport([model, '--deny-code'])).warnings).toEqual([]);
  });
});
