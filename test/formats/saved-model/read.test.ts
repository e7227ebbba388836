import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readFrom } from '../../../src/formats/known-formats.js';
import { inspect, readModel } from '../../../src/index.js';
import type { Graph, Model } from '../../../src/model/model.js';
import { loaderLines } from '../../../src/report/summary.js';
import { memoryStorage } from '../../../src/storage/memory.js';
import { allValues } from '../../support/all-values.js';
import {
  field,
  fixturePath,
  joined,
  putTogether,
  savedModelFixture,
  takeApart,
} from '../../support/checkpoint-files.js';

// What real TensorFlow wrote, without Python: one model, whose weights its .h5 says too.

const H5 = fixturePath('model.h5');
const JSON_FILE = fixturePath('model.json');

const layersOf = (graph: Graph): readonly unknown[] =>
  graph.layers.map(({ name, className, graph: inner }) => [name, className, inner && layersOf(inner)]);

async function expectSame(model: Model, expected: Model): Promise<void> {
  expect(layersOf(model.graph)).toEqual(layersOf(expected.graph));
  const values = await allValues(model);
  expect(values.size).toBeGreaterThan(10);
  expect(values).toEqual(await allValues(expected));
}

describe('a SavedModel folder', () => {
  test.each([
    ['tf-2.1', '2.1.4', '2.3.0-tf'],
    ['tf-2.13', '2.13.1', '2.13.1'],
  ])('of %s', async (name, tensorflowVersion, kerasVersion) => {
    const model = await readModel(fixturePath(name));
    expect(model).toMatchObject({
      format: { container: 'saved-model', dialect: 'keras2', weightLayout: 'checkpoint' },
      tensorflowVersion,
      kerasVersion,
      warnings: [{ code: 'optimizer-dropped' }],
    });
    expect(JSON.stringify(model.graph)).not.toContain('__tuple__');
    expect(model.trainingConfig).toBeDefined();
    await expectSame(model, await readModel(H5));
  });

  test.each(['saved_model.pb', 'keras_metadata.pb'])('by its %s', async (file) => {
    const model = await readModel(fixturePath(`tf-2.13/${file}`));
    expect(model.files.map(({ path }) => path)).toContain(fixturePath('tf-2.13/saved_model.pb'));
    await expectSame(model, await readModel(H5));
  });
});

test('a folder without what TensorFlow computes with is read, with a warning', async () => {
  const files = [...savedModelFixture('tf-2.13')];
  const [graph] = files.filter(([name]) => name === 'saved_model.pb');
  const rest = files.filter((file) => file !== graph).map(([name, bytes]) => [`net/${name}`, bytes] as const);
  for (const storage of [memoryStorage(rest), memoryStorage([...rest, ['net/saved_model.pb', new Uint8Array()]])]) {
    const model = await readFrom(storage, 'net', {});
    await expectSame(model, await readModel(H5));
    expect(model.warnings.map(({ code }) => code)).toContain('graph-file-missing');
    const [, keras2] = loaderLines(inspect(model), model);
    expect(keras2).toMatch(/^Keras 2 +takes it, converted/);
  }
});

describe('a checkpoint', () => {
  test.each([
    'checkpoint',
    'checkpoint/net',
    'checkpoint/net.index',
    'checkpoint/net.data-00000-of-00001',
    'tf-2.13',
    'tf-2.13/variables',
    'tf-2.13/variables/variables',
    'tf-2.1',
  ])('by the name of %s', async (place) => {
    const model = await readModel(JSON_FILE, { weights: fixturePath(place) });
    expect(model.format).toEqual({ container: 'keras-json', dialect: 'keras2', weightLayout: 'checkpoint' });
    await expectSame(model, await readModel(H5));
  });

  const files = savedModelFixture('checkpoint');
  const [index, data] = [files.get('net.index')!, files.get('net.data-00000-of-00001')!];
  const architecture = new Uint8Array(readFileSync(JSON_FILE));
  const readParts = (parts: { readonly index: Uint8Array; readonly data: Uint8Array }) =>
    readFrom(
      memoryStorage([
        ['model.json', architecture],
        ['net.index', parts.index],
        ['net.data-00000-of-00001', parts.data],
      ]),
      'model.json',
      { weights: 'net' },
    );

  test('in blocks of a few entries', async () => {
    await expectSame(await readParts(putTogether(takeApart(index, data), { most: 2 })), await readModel(H5));
  });

  test('in two files', async () => {
    const parts = takeApart(index, data);
    const first = parts.data;
    const moved = [...parts.entries.values()].filter(({ offset }) => offset > 500);
    expect(moved.length).toBeGreaterThan(0);
    for (const entry of moved) entry.shard = 1;
    parts.header = field(1, 2);
    const again = putTogether(parts);
    const storage = memoryStorage([
      ['model.json', architecture],
      ['net.index', again.index],
      ['net.data-00000-of-00002', again.data],
      ['net.data-00001-of-00002', first],
    ]);
    await expectSame(await readFrom(storage, 'model.json', { weights: 'net' }), await readModel(H5));
  });

  test.each(['net', '/home/somebody/runs/net', String.raw`C:\\runs\\net`])(
    'that the text beside it calls %s',
    async (written) => {
      const text = `model_checkpoint_path: "${written}"\nall_model_checkpoint_paths: "old"\n`;
      const storage = memoryStorage([
        ...[...files].map(([name, bytes]) => [`kept/${name}`, bytes] as const),
        ['kept/checkpoint', new TextEncoder().encode(text)],
        ['model.json', architecture],
      ]);
      await expectSame(await readFrom(storage, 'model.json', { weights: 'kept' }), await readModel(H5));
    },
  );

  test('in the folder to which the text leads', async () => {
    const text = new TextEncoder().encode('model_checkpoint_path: "run/3/net"\n');
    const storage = memoryStorage([
      ...[...files].map(([name, bytes]) => [`kept/run/3/${name}`, bytes] as const),
      ['kept/checkpoint', text],
      ['model.json', architecture],
    ]);
    await expectSame(await readFrom(storage, 'model.json', { weights: 'kept' }), await readModel(H5));
  });

  test('in that folder although one of the same name lies beside the text, and in no other folder', async () => {
    const named = (path: string) => new TextEncoder().encode(`model_checkpoint_path: "${path}"\n`);
    const at = (folder: string) => [...files].map(([name, bytes]) => [`${folder}/${name}`, bytes] as const);
    const storage = (path: string) =>
      memoryStorage([
        ['kept/net.index', new Uint8Array()],
        ['kept/checkpoint', named(path)],
        ...at('kept/run'),
        ...at('other'),
        ['model.json', architecture],
      ]);
    await expectSame(await readFrom(storage('run/net'), 'model.json', { weights: 'kept' }), await readModel(H5));
    for (const path of ['../other/net', '/other/net'])
      await expect(readFrom(storage(path), 'model.json', { weights: 'kept' })).rejects.toMatchObject({
        code: 'weights-missing',
        hint: expect.stringMatching(/-w .*other\/net$/),
      });
  });

  test.each([
    ['net.index', 'lfs-pointer'],
    ['checkpoint', 'lfs-pointer'],
    ['.', 'lfs-pointer'],
  ])('a Git LFS pointer in the place of what %s names', async (weights, code) => {
    const pointer = new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n');
    const storage = memoryStorage([
      ['net.index', pointer],
      ['checkpoint', pointer],
      ['model.json', architecture],
    ]);
    await expect(readFrom(storage, 'model.json', { weights })).rejects.toMatchObject({ code });
  });

  test('a SavedModel by either of its files, and without its variables', async () => {
    const whole = [...savedModelFixture('tf-2.13')].map(([name, bytes]) => [`net/${name}`, bytes] as const);
    for (const weights of ['net/saved_model.pb', 'net/keras_metadata.pb']) {
      const storage = memoryStorage([...whole, ['model.json', architecture]]);
      await expectSame(await readFrom(storage, 'model.json', { weights }), await readModel(H5));
    }
    const rest = whole.filter(([name]) => !name.includes('variables'));
    const missing = readFrom(memoryStorage([...rest, ['model.json', architecture]]), 'model.json', { weights: 'net' });
    await expect(missing).rejects.toMatchObject({
      code: 'weights-missing',
      message: expect.stringContaining('variables of this SavedModel'),
    });
  });

  test('by the text itself, and in a folder without one where it is the only one', async () => {
    const text = new TextEncoder().encode('model_checkpoint_path: "net"\n');
    const kept = [...files].filter(([name]) => name !== 'checkpoint');
    const at = (folder: string) => kept.map(([name, bytes]) => [`${folder}/${name}`, bytes] as const);
    const storage = memoryStorage([
      ...at('named'),
      ['named/checkpoint', text],
      ...at('alone'),
      ...at('two'),
      ['two/other.index', files.get('net.index')!],
      ['model.json', architecture],
    ]);
    for (const weights of ['named/checkpoint', 'alone'])
      await expectSame(await readFrom(storage, 'model.json', { weights }), await readModel(H5));
    await expect(readFrom(storage, 'model.json', { weights: 'two' })).rejects.toMatchObject({
      code: 'weights-missing',
      hint: 'give the one that is meant: -w two/other',
    });
  });

  test('in the place of a model is refused, and so are the variables of a folder, which says where that is', async () => {
    const [graph, ...others] = [...savedModelFixture('tf-2.13')].map(
      ([name, bytes]) => [`net/${name}`, bytes] as const,
    );
    const storage = memoryStorage([graph!, ...others]);
    for (const path of ['net/variables', 'net/variables/variables', 'net/variables/variables.index'])
      await expect(readFrom(storage, path, {})).rejects.toMatchObject({
        code: 'checkpoint',
        hint: expect.stringMatching(/^give the folder that holds them: .*net$/),
      });
  });

  test('as a model that hangs on something else, two objects deep, beside what is none', async () => {
    const parts = takeApart(index, data);
    const model = parts.nodes.length;
    parts.nodes.push(
      parts.nodes[0]!,
      { children: [], attributes: [] },
      { children: [['network', model]], attributes: [] },
    );
    parts.nodes[0] = {
      children: [
        ['step', model + 1],
        ['trainer', model + 2],
      ],
      attributes: [],
    };
    await expectSame(await readParts(putTogether(parts)), await readModel(H5));
  });

  /** The object graph of two models, the second of which is the first with other names of its tensors. */
  function twoModels(shapeOf: (shape: readonly number[]) => readonly number[]) {
    const parts = takeApart(index, data);
    const count = parts.nodes.length;
    for (const [key, entry] of [...parts.entries])
      parts.entries.set(`twin/${key}`, {
        ...entry,
        shape: shapeOf(entry.shape),
        offset: entry.offset + parts.data.length,
      });
    parts.data = joined(parts.data, parts.data);
    const twins = parts.nodes.map(({ children, attributes }) => ({
      children: children.map(([name, id]) => [name, id + count] as const),
      attributes: attributes.map((attribute) => ({ ...attribute, key: `twin/${attribute.key}` })),
    }));
    const root = {
      children: [
        ['generator', count * 2],
        ['critic', count],
      ] as [string, number][],
      attributes: [],
    };
    parts.nodes = [root, ...parts.nodes.slice(1), ...twins, parts.nodes[0]!];
    return putTogether(parts);
  }

  test('of two models, of which one fits', async () => {
    const flat = (shape: readonly number[]) => [shape.reduce((product, size) => product * size, 1)];
    await expectSame(await readParts(twoModels(flat)), await readModel(H5));
  });

  test('not of two models that both fit', async () => {
    await expect(readParts(twoModels((shape) => shape))).rejects.toMatchObject({
      code: 'unmappable-weights',
      message: expect.stringMatching(/generator, critic/),
    });
  });

  test('of a program in which the layers had other names', async () => {
    const parts = takeApart(index, data);
    for (const { attributes } of parts.nodes)
      for (const attribute of attributes) attribute.fullName = `other_${attribute.fullName}`;
    await expectSame(await readParts(putTogether(parts)), await readModel(H5));
  });
});
