import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { addReportSchema, inspect, networkSvg } from '../../src/index.js';
import { bytesIn, copyFixture, expectFailure, makeFolders, namesIn } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';
import { modelFolder, readFixture } from '../support/fixtures.js';
import { listElements, type MarkupElement, parseMarkup, textOf } from '../support/markup.js';
import { buildModel, renameLayer, writeBuilt } from '../support/model-builder.js';

const newFolder = makeFolders();

const textsOf = (root: MarkupElement, name: string) => [...listElements(root, name)].map(textOf);

/** A model whose layers have names that are traps. */
function hostileModel(folder: string): string {
  const model = buildModel();
  for (const name of ['image', 'stem', 'a', 'b', 'sum'])
    renameLayer(model, name, `<script>alert("${name}")</script>\n\u001b[31m\u202e`);
  writeBuilt(join(folder, 'net'), model);
  return join(folder, 'net');
}

const expectHarmless = (text: string) => {
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(text).not.toMatch(/<script|onerror=|(?:https?:)?\/\/(?!www\.w3\.org\/2000\/svg)[\w.]+\.\w|url\(|@import/);
};

describe('inspect --svg', () => {
  test('draws what the library draws, and prints what it prints without', async () => {
    const file = join(newFolder(), 'net.svg');
    const words = ['inspect', modelFolder('resnet-v1'), '--skip-stage', 'last'];
    const { code, stdout } = await run([...words, '--svg', file]);
    expect(code).toBe(0);
    expect(stdout).toBe((await run(words)).stdout);
    const { plan } = inspect(await readFixture('resnet-v1'), { skipStages: ['last'] });
    expect(readFileSync(file, 'utf8')).toBe(networkSvg(plan, modelFolder('resnet-v1')));
    expect((await run([...words, '--json', '--svg', `${file}2`])).code).toBe(0);
    expect(readFileSync(`${file}2`, 'utf8')).toBe(readFileSync(file, 'utf8'));
  });

  test('a name in .png gets a PNG, any other picture is refused', async () => {
    const file = join(newFolder(), 'net.png');
    const words = ['inspect', modelFolder('resnet-v1'), '--svg'];
    expect(await run([...words, file])).toMatchObject({ code: 0, stderr: `the drawing: ${file}\n` });
    const { format, width, height } = await sharp(file).metadata();
    expect(format).toBe('png');
    expect(Math.min(width, height)).toBeGreaterThan(400);
    expectFailure(await run([...words, file.replace('.png', '.jpg')]), 2, 'net.jpg', '.svg or .png');
  });

  test('an existing file is refused, --force replaces it', async () => {
    const file = join(newFolder(), 'net.svg');
    writeFileSync(file, 'mine');
    const words = ['inspect', modelFolder('vgg'), '--svg', file];
    expectFailure(await run(words), 2, 'net.svg', 'exists already', '--force');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect((await run([...words, '--force'])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^<\?xml/);
  });

  test('a file of the model is never replaced', async () => {
    const folder = newFolder();
    const model = copyFixture('vgg', folder);
    const before = bytesIn(folder);
    expectFailure(await run(['inspect', model, '--force', '--svg', join(model, 'model.json')]), 2, 'model.json');
    expect(bytesIn(folder)).toEqual(before);
  });

  test.each([
    ['no/net.svg', 'no such file or folder'],
    ['.', 'it is a folder'],
  ])('%s cannot be written: %s', async (name, reason) => {
    const folder = newFolder();
    const result = await run(['inspect', modelFolder('vgg'), '--svg', join(folder, name)]);
    expectFailure(result, 5, reason);
    expect(namesIn(folder)).toEqual([]);
  });

  test('names that are traps are text', async () => {
    const folder = newFolder();
    const file = join(folder, 'net.svg');
    expect((await run(['inspect', hostileModel(folder), '--svg', file])).code).toBe(0);
    const svg = readFileSync(file, 'utf8');
    expectHarmless(svg);
    expect(textsOf(parseMarkup(svg), 'title').join()).toContain('<script>alert("b")</script>\\u000a\\u001b[31m\\u202e');
  });

  test('nothing to add is a picture too', async () => {
    const file = join(newFolder(), 'net.svg');
    expect((await run(['inspect', modelFolder('se-already'), '--svg', file])).code).toBe(0);
    expect(textsOf(parseMarkup(readFileSync(file, 'utf8')), 'text').join()).toContain('nothing to add');
  });
});

describe('add --html', () => {
  const pageOf = (file: string) => parseMarkup(readFileSync(file, 'utf8'));

  test('what was done, the drawing, every module, what has none, what is next, options', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    const file = join(folder, 'report.html');
    expect((await run([model, '--quiet', '--skip-stage', 'last', '--html', file])).code).toBe(0);
    const root = pageOf(file);
    const text = textOf(root).replaceAll('\u00a0', ' ');
    expect(text).toContain('4 Squeeze-and-Excitation modules went into');
    expect(text).toContain('Until it is trained it computes what the old one did.');
    const drawing = [...listElements(root, 'svg')][0]!;
    expect(drawing.attributes['aria-label']).toContain('6 blocks in 4 stages, 4 modules to add');
    const rows = textsOf(root, 'th');
    expect(rows).toEqual(
      expect.arrayContaining(['se_2_1', 'se_2_2', 'se_3_1', 'se_3_2', 'conv4_block1_3_bn', '--ratio']),
    );
    expect(textsOf(root, 'pre')).toEqual([
      "model.layers.forEach((layer) => { layer.trainable = layer.name.startsWith('se_'); })",
    ]);
    expect(text).toContain('Fine-tune it, the modules first. In TensorFlow.js:');
    // The totals stand in the drawing.
    expect(text.match(/\+[\d.,]+ [kM]? ?MACs/g)).toBeNull();
    expect(text.match(/4 (?:Squeeze-and-Excitation )?modules/g)).toHaveLength(1);
    expect(textsOf(root, 'h2')).toEqual(['Stages', 'Modules', 'Without a module', 'What to do next', 'Options']);
    expectHarmless(readFileSync(file, 'utf8'));
  });

  test('a dry run says so, and gives the same bytes each time', async () => {
    const folder = newFolder();
    const model = copyFixture('vgg', folder);
    const files = ['one.html', 'two.html'].map((name) => join(folder, name));
    for (const file of files) expect((await run([model, '--dry-run', '--html', file])).code).toBe(0);
    const [one, two] = files.map((file) => readFileSync(file, 'utf8'));
    expect(one).toBe(two);
    expect(textOf(pageOf(files[0]!))).toContain('would go into');
    expect(textOf(pageOf(files[0]!))).toContain('nothing was written');
    expect(namesIn(folder).filter((name) => !name.startsWith('vgg/'))).toEqual(['one.html', 'two.html']);
  });

  test('what --verify found out is in it', async () => {
    const folder = newFolder();
    const model = copyFixture('vgg', folder);
    const file = join(folder, 'report.html');
    expect((await run([model, '--verify', '--html', file])).code).toBe(0);
    expect(textOf(pageOf(file))).toMatch(/bit for bit/);
  });

  test('a place that cannot be written is found out before the model is', async () => {
    const folder = newFolder();
    const model = copyFixture('vgg', folder);
    const taken = join(folder, 'taken.html');
    writeFileSync(taken, 'mine');
    expectFailure(await run([model, '--html', taken]), 2, 'taken.html', 'exists already');
    expectFailure(await run([model, '--html', join(folder, 'no', 'x.html')]), 5, 'no/x.html');
    expectFailure(await run([model, '--html', join(folder, 'vgg-se', 'x.html')]), 2, 'vgg-se/x.html');
    expectFailure(
      await run([model, '--html', join(folder, 'x'), '--markdown', join(folder, 'x')]),
      2,
      'another report',
    );
    expect(existsSync(join(folder, 'vgg-se'))).toBe(false);
    expect(readFileSync(taken, 'utf8')).toBe('mine');
    expect((await run([model, '--force', '--html', taken])).code).toBe(0);
    expect(readFileSync(taken, 'utf8')).toMatch(/^<!doctype html>/);
  });

  test('a name that no file can have is refused before the model is written', async () => {
    const folder = newFolder();
    const model = copyFixture('vgg', folder);
    const long = join(folder, `${'x'.repeat(252)}.html`);
    expectFailure(await run([model, '--html', long]), 5, 'the page cannot be written', 'too long');
    expect(namesIn(folder).filter((name) => !name.startsWith('vgg/'))).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')('where it fails behind the model, the report names that: 5', async () => {
    const folder = newFolder();
    const model = copyFixture('vgg', folder);
    const output = join(folder, 'net');
    const { code, stdout, stderr } = await run([model, '-o', output, '--markdown', '/dev/full', '--json']);
    expect(code).toBe(5);
    expect(addReportSchema.parse(JSON.parse(stdout)).output?.path).toBe(join(output, 'model.json'));
    expect(stderr).toMatch(/^se-retrofit: \/dev\/full: the Markdown report cannot be written: [^\n]+\n$/);
    expect(stderr).toContain(`(the model itself was written: ${join(output, 'model.json')})`);
  });

  test('it may lie in a folder that is made for the model', async () => {
    const folder = newFolder();
    const model = copyFixture('vgg', folder);
    const words = ['-o', join(folder, 'new', 'net.keras'), '--html', join(folder, 'new', 'report.html')];
    expect((await run([model, ...words])).code).toBe(0);
    expect(namesIn(join(folder, 'new'))).toEqual(['net.keras', 'report.html']);
  });

  test('names that are traps are text', async () => {
    const folder = newFolder();
    const file = join(folder, 'report.html');
    expect((await run([hostileModel(folder), '--html', file])).code).toBe(0);
    expectHarmless(readFileSync(file, 'utf8'));
    // TensorFlow.js takes no such names: what is written has others, and a warning quotes the first.
    expect(textOf(pageOf(file))).toContain('<script>alert("image")</script>\\u000a\\u001b[31m\\u202e');
  });
});
