import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BIN, bytesIn, copyFixture, expectFailure, makeFolders, namesIn, runProgram } from '../support/cli.js';
import { runHere as run, runHere } from '../support/cli-here.js';

const newFolder = makeFolders();

const OUTPUT_FILES = ['group1-shard1of3.bin', 'group1-shard2of3.bin', 'group1-shard3of3.bin'];
const NEW_MODEL = [...OUTPUT_FILES, 'model.json', 'se_modules.bin'];

function workplace(): { folder: string; model: string } {
  const folder = newFolder();
  return { folder, model: copyFixture('resnet-v1', folder) };
}

describe('where the output goes', () => {
  test.skipIf(process.platform === 'win32')(
    'not under another name than was asked for: bytes that are no UTF-8 come as U+FFFD',
    async () => {
      const { folder, model } = workplace();
      const words = ['-c', `exec "$0" "$1" "$2" -o "$(printf 'out\\351')"`, process.execPath, BIN, model];
      expectFailure(await runProgram('sh', words, { cwd: folder }), 2, 'not in UTF-8');
      expect(readdirSync(folder)).toEqual(['resnet-v1']);
    },
  );

  test('a folder: <folder>-se beside it', async () => {
    const { folder, model } = workplace();
    expect((await run([model])).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['resnet-v1', 'resnet-v1-se']);
    expect(namesIn(`${model}-se`)).toEqual(NEW_MODEL);
  });

  test.each(['resnet-v1/', './resnet-v1', './resnet-v1/.', 'resnet-v1/../resnet-v1'])(
    'the folder spelled %s, and shown as it was given: not from the root',
    async (spelling) => {
      const { folder } = workplace();
      const { code, stdout } = await run([spelling], { cwd: folder });
      expect(code).toBe(0);
      expect(stdout).toMatch(/^resnet-v1-se\/model\.json /m);
      expect(readdirSync(folder).sort()).toEqual(['resnet-v1', 'resnet-v1-se']);
    },
  );

  test('the folder spelled "."', async () => {
    const { folder, model } = workplace();
    expect((await run(['.'], { cwd: model })).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['resnet-v1', 'resnet-v1-se']);
  });

  test('a name in .json beside the input: what it means, and how Keras has it', async () => {
    const { model } = workplace();
    const result = await run(['convert', 'model.json', '-o', 'net.json'], { cwd: model });
    expectFailure(result, 2, /net\.json: .*a name in \.json is that of a TensorFlow\.js model, .*--to keras-json/);
  });

  test('a file: <stem>-se in its folder', async () => {
    const { folder, model } = workplace();
    expect((await run([join(model, 'model.json')])).code).toBe(0);
    expect(readdirSync(folder)).toEqual(['resnet-v1']);
    expect(namesIn(join(model, 'model-se'))).toEqual(NEW_MODEL);
  });

  test('a file in the current folder, with another name', async () => {
    const { model } = workplace();
    renameSync(join(model, 'model.json'), join(model, 'net.v2.json'));
    expect((await run(['net.v2.json'], { cwd: model })).code).toBe(0);
    expect(namesIn(join(model, 'net.v2-se'))).toEqual(NEW_MODEL);
  });

  test.each([
    ['out', 'out/model.json'],
    ['out/', 'out/model.json'],
    ['deep/er/out', 'deep/er/out/model.json'],
    ['out/model.json', 'out/model.json'],
    ['out/net.json', 'out/net.json'],
    ['v1.2', 'v1.2/model.json'],
  ])('-o %s', async (output, expected) => {
    const { folder, model } = workplace();
    expect((await run([model, '-o', output], { cwd: folder })).code).toBe(0);
    expect(namesIn(folder)).toContain(expected);
    expect(namesIn(folder).filter((name) => basename(name).startsWith('.'))).toEqual([]);
  });

  test.each([
    ['out.h5', ['out.h5']],
    ['out.keras', ['out.keras']],
    ['out.weights.h5', ['out.json', 'out.weights.h5']],
  ])('-o %s: a Keras file', async (output, expected) => {
    const { folder, model } = workplace();
    expect((await run([model, '-o', output], { cwd: folder })).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual([...expected, 'resnet-v1']);
  });

  test.each([
    ['keras-h5', 'resnet-v1-se.h5'],
    ['keras-zip', 'resnet-v1-se.keras'],
  ])('--to %s, without a name', async (container, expected) => {
    const { folder, model } = workplace();
    expect((await run([model, '--to', container])).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['resnet-v1', expected]);
  });

  test.each(['out.txt', 'out.onnx', 'out.pb', 'out.PT', 'out.tflite', 'net.v2.zip', 'deep/out.safetensors'])(
    '-o %s: no model is written as that',
    async (output) => {
      const { folder, model } = workplace();
      const ending = output.slice(output.lastIndexOf('.'));
      expectFailure(
        await runHere([model, '-o', output], { cwd: folder }),
        2,
        `"${ending}"`,
        '.keras, .h5',
        `${basename(output)}/`,
      );
      expect(readdirSync(folder)).toEqual(['resnet-v1']);
    },
  );

  test.each(['resnet50-v1.5', 'mobilenet_0.25', 'net.v2', 'my.model/', 'a.b-c', 'dir.txt/out', '.hidden'])(
    '-o %s: a folder, its dot is a part of the name',
    async (output) => {
      const { folder, model } = workplace();
      expect(await runHere([model, '-o', output], { cwd: folder })).toMatchObject({ code: 0 });
      expect(namesIn(folder)).toContain(join(output, 'model.json'));
    },
  );

  test('--to tfjs makes a folder of any name', async () => {
    const { folder, model } = workplace();
    expect((await runHere([model, '-o', 'out.final', '--to', 'tfjs'], { cwd: folder })).code).toBe(0);
    expect(namesIn(folder)).toContain('out.final/model.json');
  });

  test('--to contradicts the name', async () => {
    const { folder, model } = workplace();
    expectFailure(await run([model, '-o', 'out.h5', '--to', 'keras-zip'], { cwd: folder }), 2, 'keras-zip', '.keras');
    expect(readdirSync(folder)).toEqual(['resnet-v1']);
  });

  test('an existing Keras file is refused, --force replaces it, and the input is never written', async () => {
    const { folder, model } = workplace();
    const words = [model, '-o', 'out.keras'];
    expect((await run(words, { cwd: folder })).code).toBe(0);
    const before = bytesIn(folder);
    expectFailure(await run(words, { cwd: folder }), 2, 'out.keras', 'exists', '--force');
    expect((await run([...words, '--force'], { cwd: folder })).code).toBe(0);
    expect(bytesIn(folder)).toEqual(before);
    expectFailure(await run(['convert', 'out.keras', '-o', './out.keras', '--force'], { cwd: folder }), 2, 'out.keras');
    expect(bytesIn(folder)).toEqual(before);
  });
});

describe('an output that exists', () => {
  test('is refused, and stays as it is', async () => {
    const { folder, model } = workplace();
    expect((await run([model])).code).toBe(0);
    const before = bytesIn(folder);
    expectFailure(await run([model, '--ratio', '2']), 2, 'resnet-v1-se', 'exists', '--force');
    expect(bytesIn(folder)).toEqual(before);
  });

  test('an empty folder is refused too', async () => {
    const { folder, model } = workplace();
    mkdirSync(join(folder, 'out'));
    expectFailure(await run([model, '-o', 'out'], { cwd: folder }), 2, 'out', 'exists');
  });

  test('a dangling link is refused', async () => {
    const { folder, model } = workplace();
    symlinkSync(join(folder, 'nowhere'), join(folder, 'out'));
    expectFailure(await run([model, '-o', 'out'], { cwd: folder }), 2, 'out');
    expect(readdirSync(folder).sort()).toEqual(['out', 'resnet-v1']);
  });

  test('--force replaces the folder of a model', async () => {
    const { folder, model } = workplace();
    expect((await run([model, '--ratio', '2'])).code).toBe(0);
    const first = bytesIn(`${model}-se`);
    expect((await run([model, '--force'])).code).toBe(0);
    const second = bytesIn(`${model}-se`);
    expect(second).not.toEqual(first);
    expect((await run([model, '-o', 'fresh'], { cwd: folder })).code).toBe(0);
    expect(second).toEqual(bytesIn(join(folder, 'fresh')));
    expect(readdirSync(folder).sort()).toEqual(['fresh', 'resnet-v1', 'resnet-v1-se']);
  });

  test('--force replaces a model with files that the new one does not have', async () => {
    const { folder } = workplace();
    copyFixture('groups', folder);
    expect((await run(['resnet-v1', '-o', 'groups', '--force'], { cwd: folder })).code).toBe(0);
    expect(namesIn(join(folder, 'groups'))).toEqual(NEW_MODEL);
  });

  test('--force refuses a folder with a foreign file', async () => {
    const { folder, model } = workplace();
    expect((await run([model])).code).toBe(0);
    writeFileSync(join(`${model}-se`, 'notes.txt'), 'mine');
    const before = bytesIn(folder);
    expectFailure(await run([model, '--force']), 2, 'notes.txt');
    expect(bytesIn(folder)).toEqual(before);
  });

  test.each(['.git/', 'sub/', 'sub/deep/notes.txt'])('--force refuses a folder that holds %s', async (name) => {
    const { folder, model } = workplace();
    expect((await run([model])).code).toBe(0);
    const place = join(`${model}-se`, name);
    mkdirSync(name.endsWith('/') ? place : join(place, '..'), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(place, 'mine');
    const before = namesIn(folder);
    expectFailure(await run([model, '--force']), 2);
    expect(namesIn(folder)).toEqual(before);
  });

  test('--force refuses a folder whose model.json lists files it does not own', async () => {
    const { folder, model } = workplace();
    mkdirSync(join(folder, 'out'));
    writeFileSync(join(folder, 'out', 'model.json'), '{"weightsManifest": [{"paths": ["../precious.bin"]}]}');
    writeFileSync(join(folder, 'precious.bin'), 'mine');
    await run([model, '-o', 'out', '--force'], { cwd: folder });
    expect(namesIn(folder)).toContain('precious.bin');
  });

  test('--force refuses a folder whose model.json is no model', async () => {
    const { folder, model } = workplace();
    mkdirSync(join(folder, 'out'));
    writeFileSync(join(folder, 'out', 'model.json'), '{"mine": true}');
    expectFailure(await run([model, '-o', 'out', '--force'], { cwd: folder }), 2, 'out');
    expect(namesIn(join(folder, 'out'))).toEqual(['model.json']);
  });

  test.each([[], ['--force']])('a file in the place is refused %s', async (...flags) => {
    const { folder, model } = workplace();
    writeFileSync(join(folder, 'out'), 'mine');
    expectFailure(await run([model, '-o', 'out', ...flags], { cwd: folder }), 2, 'out');
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('mine');
  });
});

describe('the input is never written', () => {
  const SPELLINGS: Readonly<Record<string, string>> = {
    'its folder': 'resnet-v1',
    'its folder, with a slash': 'resnet-v1/',
    'its folder, with ./': './resnet-v1/.',
    'its folder, through ..': 'resnet-v1/../resnet-v1',
    'its model.json': 'resnet-v1/model.json',
    'another name in its folder': 'resnet-v1/other.json',
    'a link to its folder': 'link',
    'a link to its folder, and model.json': 'link/model.json',
    'a link to the folder around it': 'around/resnet-v1',
    'the folder around it': '.',
    'the folder around that': '..',
  };

  test.each(Object.entries(SPELLINGS))('%s', async (_, output) => {
    const { folder } = workplace();
    symlinkSync(join(folder, 'resnet-v1'), join(folder, 'link'));
    symlinkSync(folder, join(folder, 'around'));
    const before = bytesIn(join(folder, 'resnet-v1'));
    for (const flags of [[], ['--force']]) {
      expectFailure(await run(['resnet-v1', '-o', output, ...flags], { cwd: folder }), 2, 'input');
      expectFailure(await run(['link/model.json', '-o', output, ...flags], { cwd: folder }), 2, 'input');
    }
    expect(readdirSync(folder).sort()).toEqual(['around', 'link', 'resnet-v1']);
    expect(bytesIn(join(folder, 'resnet-v1'))).toEqual(before);
  });

  test('through a link to the model.json alone', async () => {
    const { folder, model } = workplace();
    mkdirSync(join(folder, 'links'));
    symlinkSync(join(model, 'model.json'), join(folder, 'links', 'model.json'));
    const result = await run(['links/model.json', '-o', 'resnet-v1', '--force'], { cwd: folder });
    expect([2, 4]).toContain(result.code);
    expect(namesIn(model)).toEqual([...OUTPUT_FILES, 'model.json']);
  });

  test('an old output whose files are hard links to the input is replaced, the input is not', async () => {
    const { folder, model } = workplace();
    mkdirSync(join(folder, 'out'));
    for (const name of namesIn(model)) linkSync(join(model, name), join(folder, 'out', name));
    const before = bytesIn(model);
    expect((await run([model, '-o', 'out', '--force'], { cwd: folder })).code).toBe(0);
    expect(bytesIn(model)).toEqual(before);
  });

  test.each(['resnet-v1/model.json', 'resnet-v1/group1-shard1of3.bin', 'link'])(
    '--markdown %s is refused',
    async (file) => {
      const { folder, model } = workplace();
      symlinkSync(join(model, 'model.json'), join(folder, 'link'));
      const before = bytesIn(model);
      const result = await run(['resnet-v1', '--markdown', file], { cwd: folder });
      expect(bytesIn(model)).toEqual(before);
      expectFailure(result, 2, file);
    },
  );

  test('bytes and times stay, whatever is run', async () => {
    const { folder, model } = workplace();
    const state = () =>
      namesIn(model).map((name) => [name, statSync(join(model, name)).mtimeMs, statSync(model).mtimeMs]);
    const before = state();
    const bytes = bytesIn(model);
    for (const words of [
      ['inspect', model],
      [model, '--dry-run'],
      [model],
      [model],
      [model, '--force'],
      [model, '-o', model, '--force'],
      [model, '--ratio', '0'],
      [model, '-o', join(folder, 'conv'), '--form', 'conv'],
    ]) {
      await run(words);
    }
    expect(state()).toEqual(before);
    expect(bytesIn(model)).toEqual(bytes);
  });
});

describe('the same command writes the same bytes', () => {
  test.each(['resnet-v1', 'optimizer-middle', 'quantized-float16', 'nested-deep', 'groups'])('%s', async (name) => {
    const folder = newFolder();
    const model = copyFixture(name, folder);
    expect((await run([model])).code).toBe(0);
    const first = bytesIn(`${model}-se`);
    expect(first.size).toBeGreaterThan(2);
    rmSync(`${model}-se`, { recursive: true });
    expect((await run([model])).code).toBe(0);
    expect(bytesIn(`${model}-se`)).toEqual(first);
    expect((await run([join(model, 'model.json'), '-o', join(folder, 'else', 'where')])).code).toBe(0);
    expect(bytesIn(join(folder, 'else', 'where'))).toEqual(first);
  });
});
