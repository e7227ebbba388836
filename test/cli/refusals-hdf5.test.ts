import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Hdf5Editor } from '../../src/storage/hdf5.js';
import { makeFolders, run } from '../support/cli.js';
import { editCopy, hdf5Fixture } from '../support/hdf5-files.js';
import { expectRefused, NET, type Refusal } from './refused.js';

// docs/HOSTILE.md, the rows that speak of Keras' HDF5 files, through the command line. fixtures/make_hdf5.py makes the models.

const newFolder = makeFolders();
const KERNEL = '/model_weights/conv/conv/kernel:0';
const FILE = 'model.h5';

/** A place for a model inside a folder. */
function placeIn(folder: string): string {
  mkdirSync(join(folder, NET));
  return join(folder, NET, FILE);
}

function copyModel(folder: string, name: string): string {
  const path = placeIn(folder);
  copyFileSync(hdf5Fixture(name), path);
  return path;
}

const PLACES = ['--at', 'conv'];
const expectNo = (folder: string, path: string, refusal: Refusal, ...flags: readonly string[]) =>
  expectRefused(folder, [path, ...flags], { file: FILE, ...refusal });

/** The shape of the kernel, then how large it may become. */
const KERNEL_DIMS = Buffer.from(BigUint64Array.of(3n, 3n, 3n, 4n, 3n, 3n, 3n, 4n).buffer);

test('the model is right but for what the rows do to it', async () => {
  const folder = newFolder();
  const result = await run([copyModel(folder, 'model.h5'), ...PLACES]);
  expect(result).toMatchObject({ code: 0 });
});

describe('values that lie elsewhere, or more of them than there are (rows 13 to 15)', () => {
  test.each<[name: string, code: string, words: RegExp, field?: string]>([
    ['soft_link', 'unsafe-path', /a soft link/],
    ['external_link', 'unsafe-path', /an external link/],
    ['second_name', 'unsafe-path', /a second name of/],
    ['cycle', 'unsafe-path', /a second name of/],
    ['external_storage', 'unsafe-path', /values lie in other files/],
    ['virtual', 'unsafe-path', /values lie in other files/],
    ['bomb', 'bad-hdf5', /claims 1073741824 bytes in a file of/],
    ['unknown_filter', 'bad-hdf5', /packed by filter 32000/],
    ['named_type', 'bad-hdf5', /neither a group nor a dataset/],
  ])('%s', async (name, code, words) => {
    const folder = newFolder();
    await expectNo(folder, copyModel(folder, `model_${name}.h5`), { code, field: KERNEL, words: [words] });
  });

  test('a text where numbers should be', async () => {
    const folder = newFolder();
    const refusal = { code: 'bad-hdf5', layer: 'conv', field: KERNEL, words: [/holds no numbers/] };
    await expectNo(folder, copyModel(folder, 'model_text.h5'), refusal);
  });

  test.each([9, 200, 800, 3000, 7000, 12000])('a file that is cut after %i bytes', async (length) => {
    const folder = newFolder();
    const path = placeIn(folder);
    writeFileSync(path, readFileSync(hdf5Fixture('model.h5')).subarray(0, length));
    await expectNo(folder, path, { code: 'bad-hdf5', words: [/./] });
  });

  test.each<[what: string, field: string, spoil: (bytes: Buffer) => void]>([
    [
      'a dataset that may not be as large as it is',
      KERNEL,
      (bytes) => bytes.writeUInt8(1, bytes.indexOf(KERNEL_DIMS) + 56),
    ],
    [
      'an attribute of a type that is not known',
      '/mine',
      (bytes) => bytes.writeUInt8(0xe9, bytes.indexOf('tags\0') + 8),
    ],
  ])('what HDF5 does not read is not read for it where a file is made anew: %s', async (_, field, spoil) => {
    const folder = newFolder();
    const path = placeIn(folder);
    const bytes = readFileSync(hdf5Fixture('model_foreign.h5'));
    spoil(bytes);
    writeFileSync(path, bytes);
    await expectNo(folder, path, { code: 'bad-hdf5', field, words: [/./] });
  });

  test('a version that is not known, and addresses behind the end', async () => {
    const bytes = readFileSync(hdf5Fixture('model.h5'));
    for (const spoil of [() => bytes.writeUInt8(9, 8), () => bytes.writeBigUInt64LE(2n ** 40n, 64)]) {
      const folder = newFolder();
      const path = placeIn(folder);
      spoil();
      writeFileSync(path, bytes);
      await expectNo(folder, path, { code: 'bad-hdf5', words: [/./] });
    }
  });
});

describe('what the attributes say', () => {
  /** The model with its attributes changed. */
  async function edited(folder: string, edit: (editor: Hdf5Editor) => void): Promise<string> {
    mkdirSync(join(folder, NET));
    return editCopy(hdf5Fixture('model.h5'), join(folder, NET), FILE, async (editor) => edit(editor));
  }
  const withConfig = (change: (text: string) => string) => (editor: Hdf5Editor) =>
    editor.writeText('/', 'model_config', change(editor.readText('/', 'model_config')!));
  const withCalls = (calls: string) =>
    withConfig((text) => text.replace('"inbound_nodes": [[["image", 0, 0, {}]]]', `"inbound_nodes": ${calls}`));
  const NODES = 'model_config.config.layers[1].inbound_nodes';

  test.each<[name: string, edit: (editor: Hdf5Editor) => void, refusal: Refusal]>([
    [
      'a key twice (row 5)',
      withConfig((text) => text.replace('"filters": 4', '"filters": 4, "filters": 5')),
      { code: 'bad-json', field: 'model_config.config.layers[1].config.filters', words: [/twice|two/] },
    ],
    [
      'sizes below zero (row 7)',
      withConfig((text) => text.replace('[null, 8, 8, 3]', '[null, -8, 8, 3]')),
      { code: 'bad-size', layer: 'image', field: 'model_config.config.layers[0].config.batch_input_shape' },
    ],
    [
      'JSON a thousand deep (row 10)',
      withConfig(() => '['.repeat(1000)),
      { code: 'bad-json', field: `model_config${'[0]'.repeat(501)}`, words: [/deep/] },
    ],
    ['no JSON at all (row 10)', withConfig(() => 'a text'), { code: 'bad-json', field: 'model_config' }],
    [
      'a cycle (row 12)',
      withCalls('[[["conv", 0, 0, {}]]]'),
      { code: 'bad-graph', layer: 'conv', field: NODES, words: [/cycle/] },
    ],
    [
      'a layer that is not there (row 12)',
      withCalls('[[["nobody", 0, 0, {}]]]'),
      { code: 'bad-graph', layer: 'conv', field: `${NODES}[0][0]`, words: [/"nobody"/] },
    ],
    [
      'an output that is not there (row 12)',
      withConfig((text) => text.replace('"output_layers": [["conv", 0, 0]]', '"output_layers": [["conv", 0, 7]]')),
      { code: 'bad-graph', layer: 'model', words: [/output 7/], field: 'model_config.config.output_layers' },
    ],
    [
      'weights of another size (rows 8 and 23)',
      withConfig((text) => text.replace('"filters": 4', '"filters": 5')),
      { code: 'weights-mismatch', layer: 'conv', field: 'weights', words: [/\[3, 3, 3, 4\]/] },
    ],
    [
      'fewer weights than the layer has (row 23)',
      (editor) => editor.writeTexts('/model_weights/conv', 'weight_names', ['conv/kernel:0']),
      { code: 'weights-mismatch', layer: 'conv', field: 'weights', words: [/1 weight /] },
    ],
    [
      'weights of a layer that is not there (row 23)',
      (editor) => {
        editor.makeGroup('/model_weights/nobody/inner');
        editor.writeTexts('/model_weights/nobody', 'weight_names', ['inner']);
        editor.writeTexts('/model_weights', 'layer_names', ['image', 'conv', 'nobody']);
      },
      { code: 'weights-mismatch', layer: 'nobody', field: '/model_weights/layer_names', words: [/1 weight /] },
    ],
    [
      'a path out of the group in the list of layers',
      (editor) => editor.writeTexts('/model_weights', 'layer_names', ['image', '../conv']),
      { code: 'unsafe-path', field: '/model_weights/../conv', words: [/\.\./] },
    ],
    [
      'a path out of the group in the list of weights',
      (editor) => editor.writeTexts('/model_weights/conv', 'weight_names', ['conv/../conv/kernel:0', 'conv/bias:0']),
      { code: 'unsafe-path', field: '/model_weights/conv/conv/../conv/kernel:0', words: [/\.\./] },
    ],
    [
      'a subclassed model (row 25)',
      withConfig((text) => text.replace('"class_name": "Functional"', '"class_name": "OurNet"')),
      { code: 'subclassed-model', field: 'model_config.class_name', words: [/"OurNet"/] },
    ],
    [
      'weights without an architecture (row 25)',
      (editor) => editor.removeAttribute('/', 'model_config'),
      { code: 'no-architecture', field: 'model_config' },
    ],
  ])('%s', async (_, edit, refusal) => {
    const folder = newFolder();
    await expectNo(folder, await edited(folder, edit), refusal);
  });

  const LAMBDA = '"class_name": "Lambda", "config": {"name": "conv"}';
  test.each<[name: string, edit: (editor: Hdf5Editor) => void, layer: string | undefined, words: RegExp]>([
    [
      'a Lambda',
      withConfig((text) => text.replace('"activation": "relu"', `"activation": {${LAMBDA}}`)),
      'conv',
      /"activation" carries Python code/,
    ],
    [
      'a loss of its own',
      (editor) => editor.writeText('/', 'training_config', '{"loss": "ours", "optimizer_config": {}}'),
      undefined,
      /"training_config\.loss" names is "ours"/,
    ],
  ])('%s, with --deny-code (row 17)', async (_, edit, layer, words) => {
    const folder = newFolder();
    const refusal = { code: 'code-denied', exit: 3, words: [words], ...(layer === undefined ? {} : { layer }) };
    await expectNo(folder, await edited(folder, edit), refusal, '--deny-code');
  });

  test('names that would break the line are shown escaped (row 18)', async () => {
    const folder = newFolder();
    const name = 'co\u001b[31m\nnv';
    const path = await edited(folder, (editor) => {
      withConfig((text) => text.replaceAll('"conv"', JSON.stringify(name)))(editor);
    });
    const where = { layer: 'conv', field: '/model_weights/layer_names' };
    await expectNo(folder, path, { code: 'weights-mismatch', ...where, words: [/./] });
  });
});
