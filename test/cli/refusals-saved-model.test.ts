import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readFields, textOf } from '../../src/formats/saved-model/wire.js';
import { field, fixturePath, joined, savedModelFixture } from '../support/checkpoint-files.js';
import { makeFolders, namesIn } from '../support/cli.js';
import { runHere } from '../support/cli-here.js';
import { expectRefused, NET, type Refusal } from './refused.js';

// Folders of TensorFlow that hold no Keras model, or only a part of one: told apart, with what to do.

const newFolder = makeFolders();

const LFS_POINTER = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n';

/** A `saved_model.pb`: which TensorFlow wrote it, and what of. */
function graphFile(version: string, root?: { identifier: string; metadata?: string; children?: readonly string[] }) {
  const info = field(1, field(5, version));
  if (root === undefined) return joined(field(1, 1), field(2, info));
  const children = (root.children ?? []).map((name) => field(1, joined(field(1, 1), field(2, name))));
  const object = field(4, joined(field(1, root.identifier), field(3, root.metadata ?? '')));
  return joined(field(1, 1), field(2, joined(info, field(7, field(1, joined(...children, object))))));
}

const subclassed = (config: string) =>
  `{"class_name": "Classifier", "name": "classifier", "config": ${config}, "keras_version": "2.4.0"}`;

type Contents = Readonly<Record<string, string | Uint8Array>>;

function write(contents: Contents): string {
  const folder = newFolder();
  mkdirSync(join(folder, NET));
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(join(folder, NET, name, '..'), { recursive: true });
    writeFileSync(join(folder, NET, name), content);
  }
  return folder;
}

describe('a folder', () => {
  test.each<readonly [name: string, contents: Contents, refusal: Refusal]>([
    [
      'that model.export() wrote',
      {
        'saved_model.pb': graphFile('2.15.0', {
          identifier: '_generic_user_object',
          children: ['_endpoint_names', 'variables', '_all_variables', 'serve', 'signatures'],
        }),
      },
      { code: 'saved-model', file: '.', words: [/model\.export\(\)/], hint: 'model.save' },
    ],
    [
      'that model.export() of Keras 3 wrote',
      {
        'saved_model.pb': graphFile('2.18.0', {
          identifier: '_generic_user_object',
          children: ['variables', '_all_variables', '_misc_assets', 'serve'],
        }),
      },
      { code: 'saved-model', file: '.', words: [/model\.export\(\)/] },
    ],
    [
      'that tf.saved_model.save() wrote, or that lost a file',
      { 'saved_model.pb': graphFile('2.9.1', { identifier: '_tf_keras_network', children: ['layer-0'] }) },
      {
        code: 'saved-model',
        file: '.',
        field: 'keras_metadata.pb',
        words: [/tf\.saved_model\.save/, /TensorFlow 2\.9\.1/],
        hint: '-w FOLDER',
      },
    ],
    [
      'of a program without layers',
      { 'saved_model.pb': graphFile('2.9.1', { identifier: '_generic_user_object', children: ['signatures'] }) },
      { code: 'saved-model', file: '.', words: ['operations', 'Hub'] },
    ],
    [
      'of TensorFlow 1',
      { 'saved_model.pb': graphFile('1.15.0') },
      { code: 'tensorflow-1', file: '.', words: ['TensorFlow 1'] },
    ],
    [
      'of TensorFlow Hub',
      { 'saved_model.pb': graphFile('1.15.0'), 'tfhub_module.pb': '\b\x03' },
      { code: 'tensorflow-1', file: '.', words: ['Hub'] },
    ],
    [
      'of a subclassed model',
      {
        ...Object.fromEntries(savedModelFixture('tf-2.13')),
        'saved_model.pb': graphFile('2.13.1', { identifier: '_tf_keras_model' }),
        'keras_metadata.pb': field(1, joined(field(3, 'root'), field(5, subclassed('{"layers": []}')))),
      },
      { code: 'subclassed-model', file: '.', field: 'model_config.class_name', words: ['Classifier'] },
    ],
    [
      'whose graph is damaged',
      { 'saved_model.pb': '\x12\x7f', 'variables/variables.index': '' },
      { code: 'bad-protobuf', file: '.', field: 'saved_model.pb' },
    ],
    [
      'whose graph Git LFS keeps elsewhere',
      { 'saved_model.pb': LFS_POINTER, 'variables/variables.index': '' },
      { code: 'lfs-pointer', file: 'saved_model.pb' },
    ],
    [
      'whose layers Git LFS keeps elsewhere',
      { 'saved_model.pb': graphFile('2.9.1'), 'keras_metadata.pb': LFS_POINTER },
      { code: 'lfs-pointer', file: 'keras_metadata.pb' },
    ],
    [
      'whose layers are described in damaged JSON',
      {
        'saved_model.pb': graphFile('2.9.1'),
        'keras_metadata.pb': field(1, joined(field(3, 'root'), field(5, '{"config": '))),
        'variables/variables.index': '',
      },
      { code: 'bad-json', file: '.', field: 'metadata.config' },
    ],
    [
      'whose layers are described without end',
      {
        'saved_model.pb': graphFile('2.9.1'),
        'keras_metadata.pb': field(1, joined(field(3, 'root'), field(5, '['.repeat(1e6)))),
      },
      { code: 'bad-json', file: '.', words: [/nested/] },
    ],
  ])('%s', async (_, contents, refusal) => {
    const folder = write(contents);
    const given = refusal.code === 'bad-json' && refusal.words !== undefined;
    if (given) {
      // Where it is nested too deep depends on the bound.
      const { code, stderr } = await runHere([join(folder, NET)], { cwd: folder });
      expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringMatching(/nested more than/) });
      return;
    }
    await expectRefused(folder, [join(folder, NET)], refusal);
    await expectRefused(folder, ['inspect', join(folder, NET, 'saved_model.pb')], refusal);
  });
});

describe('a part of a real folder', () => {
  const DATA = 'variables/variables.data-00000-of-00001';

  test.each<readonly [name: string, spoil: (net: string) => unknown, refusal: Refusal]>([
    [
      'without its variables',
      (net) => rmSync(join(net, 'variables'), { recursive: true }),
      { code: 'weights-missing', file: '.', field: 'variables' },
    ],
    [
      'without its index',
      (net) => rmSync(join(net, 'variables/variables.index')),
      { code: 'weights-missing', file: 'variables/variables.index' },
    ],
    ['without its values', (net) => rmSync(join(net, DATA)), { code: 'weights-missing', file: DATA }],
    [
      'whose values are cut short',
      (net) => writeFileSync(join(net, DATA), 'short'),
      { code: 'weights-size', file: DATA, field: '_CHECKPOINTABLE_OBJECT_GRAPH', words: [/has 5/] },
    ],
    [
      'whose values are a folder',
      (net) => {
        rmSync(join(net, DATA));
        mkdirSync(join(net, DATA));
      },
      { code: 'not-a-file', file: DATA },
    ],
    [
      'whose values are a pipe',
      (net) => {
        rmSync(join(net, DATA));
        execFileSync('mkfifo', [join(net, DATA)]);
      },
      { code: 'not-a-file', file: DATA },
    ],
    [
      'whose values are a link',
      (net) => {
        rmSync(join(net, DATA));
        symlinkSync(fixturePath(`tf-2.13/${DATA}`), join(net, DATA));
      },
      { code: 'unsafe-path', file: DATA },
    ],
    [
      'whose variables are a link',
      (net) => {
        renameSync(join(net, 'variables'), join(net, '..', 'elsewhere'));
        symlinkSync('../elsewhere', join(net, 'variables'));
      },
      { code: 'unsafe-path', file: 'variables/variables.index' },
    ],
  ])('%s', async (_, spoil, refusal) => {
    const folder = newFolder();
    cpSync(fixturePath('tf-2.13'), join(folder, NET), { recursive: true });
    spoil(join(folder, NET));
    await expectRefused(folder, [join(folder, NET)], refusal);
  });

  test('that is a link is read where links are allowed', async () => {
    const folder = newFolder();
    symlinkSync(fixturePath('tf-2.13'), join(folder, NET));
    mkdirSync(join(folder, 'cache'));
    for (const name of ['saved_model.pb', 'keras_metadata.pb', 'variables'])
      symlinkSync(fixturePath(`tf-2.13/${name}`), join(folder, 'cache', name));
    expect(await runHere([NET, '--at', 'relu', '--dry-run'], { cwd: folder })).toMatchObject({ code: 0 });
    await runHere(['cache', '--at', 'relu', '--allow-links'], { cwd: folder });
    expect(namesIn(folder)).toContain('cache-se.h5');
  });
});

/** The description of a model in a real folder, changed as a text. */
function withMetadata(net: string, edit: (text: string) => string): void {
  const path = join(net, 'keras_metadata.pb');
  const nodes = [...readFields(new Uint8Array(readFileSync(path)), '')].map(({ number, bytes, value }) => {
    if (number !== 1) return field(number, value);
    const parts = [...readFields(bytes, '')];
    const isRoot = parts.some((part) => part.number === 3 && textOf(part) === 'root');
    return field(
      1,
      joined(
        ...parts.map((part) => {
          if (part.kind !== 'bytes') return field(part.number, part.value);
          return field(part.number, part.number === 5 && isRoot ? edit(textOf(part)) : part.bytes);
        }),
      ),
    );
  });
  writeFileSync(path, joined(...nodes));
}

describe('code in the layers of a folder', () => {
  test.each([
    ['a Lambda', (text: string) => text.replaceAll('"class_name": "ReLU"', '"class_name": "Lambda"')],
    ['a registered class', (text: string) => text.replaceAll('"class_name": "ReLU"', '"class_name": "evil>Layer"')],
    [
      'a file to be read',
      (text: string) =>
        text.replaceAll(
          '"class_name": "ReLU", "config": {',
          '"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd", ',
        ),
    ],
  ])('is carried with a warning, and refused where nothing is to run: %s', async (_, edit) => {
    const folder = newFolder();
    const net = join(folder, NET);
    cpSync(fixturePath('tf-2.13'), net, { recursive: true });
    withMetadata(net, edit);
    const carried = JSON.parse((await runHere(['inspect', NET, '--json'], { cwd: folder })).stdout);
    expect(carried.warnings).toContainEqual(expect.objectContaining({ code: 'carried-code', where: 'relu' }));
    const before = namesIn(folder);
    const denied = await runHere([NET, '--deny-code', '--json'], { cwd: folder });
    expect(denied.code).toBe(3);
    expect(JSON.parse(denied.stdout).error).toMatchObject({ code: 'code-denied', where: { layer: 'relu' } });
    expect(namesIn(folder)).toEqual(before);
  });

  test('nothing of assets is opened', async () => {
    const folder = newFolder();
    cpSync(fixturePath('tf-2.13'), join(folder, NET), { recursive: true });
    mkdirSync(join(folder, NET, 'assets'), { recursive: true });
    execFileSync('mkfifo', [join(folder, NET, 'assets', 'vocabulary.txt')]);
    symlinkSync('/etc/passwd', join(folder, NET, 'assets', 'words'));
    expect(await runHere([NET], { cwd: folder })).toMatchObject({ code: 0 });
  });
});

describe('where the output of a folder goes', () => {
  test.each(['.', 'saved_model.pb', 'keras_metadata.pb'])('given as %s', async (name) => {
    const folder = newFolder();
    const net = join(folder, NET);
    cpSync(fixturePath('tf-2.13'), net, { recursive: true });
    const before = namesIn(net);
    const { code, stdout } = await runHere([name, '--at', 'relu', '--json'], { cwd: net });
    expect({ code, path: JSON.parse(stdout).output }).toMatchObject({
      code: 0,
      path: {
        path: join(folder, 'net-se.h5'),
        format: { container: 'keras-h5', dialect: 'keras2', weightLayout: 'legacy-hdf5' },
      },
    });
    expect(namesIn(net)).toEqual(before);
  });

  test.each([
    ['-o', 'net/se.h5'],
    ['-o', 'net'],
    ['-o', 'net/web'],
    ['-o', 'net/variables/se.keras'],
  ])('not %s %s', async (...words) => {
    const folder = newFolder();
    cpSync(fixturePath('tf-2.13'), join(folder, NET), { recursive: true });
    const before = namesIn(folder);
    const { code, stderr } = await runHere([NET, '--at', 'relu', ...words, '--force'], { cwd: folder });
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/folder of the input/) });
    expect(namesIn(folder)).toEqual(before);
  });

  test('no folder is written', async () => {
    const { code, stderr } = await runHere([fixturePath('tf-2.13'), '--to', 'saved-model'], { cwd: newFolder() });
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/tfjs, keras-h5/) });
  });

  test('an architecture with a checkpoint gets weights that every Keras 2 reads, or those that are asked for', async () => {
    const folder = newFolder();
    cpSync(fixturePath('model.json'), join(folder, 'net.json'));
    const words = ['net.json', '-w', fixturePath('checkpoint'), '--at', 'relu'];
    expect(await runHere(words, { cwd: folder })).toMatchObject({ code: 0 });
    expect(await runHere([...words, '-o', 'other.weights.h5'], { cwd: folder })).toMatchObject({ code: 0 });
    expect(namesIn(folder)).toEqual(
      expect.arrayContaining(['net-se.json', 'net-se.h5', 'other.json', 'other.weights.h5']),
    );
  });
});
