import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { errorReportSchema, readModel, retrofit, verifyReportSchema, writeModel } from '../../src/index.js';
import { changeWeight } from '../support/changed-weights.js';
import { copyFixture, expectFailure, makeFolders, type Result } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';
import { buildModel, layer, layersOf, writeBuilt } from '../support/model-builder.js';

const newFolder = makeFolders();
const folder = newFolder();
const before = copyFixture('resnet-v1', folder);
const after = join(folder, 'after');
const tuned = join(folder, 'tuned');
const WASM = ['--backend', 'wasm'];

beforeAll(async () => {
  await writeModel(retrofit(await readModel(before)), after);
  // What training does first: the last projection of a module is zero no more.
  await rewritten('tuned', 'se_4_1_expand');
});

/** The retrofit with another kernel in one layer; written through a container for which the values are read. */
async function rewritten(name: string, layerName: string): Promise<string> {
  const changed = changeWeight(retrofit(await readModel(before)), layerName, 'kernel', (values) =>
    values.map((_, index) => index % 3),
  );
  await writeModel(changed, join(folder, `${name}.keras`));
  await writeModel(await readModel(join(folder, `${name}.keras`)), join(folder, name));
  return join(folder, name);
}

const verify = (...words: readonly string[]) => run(['verify', ...words, ...WASM]);
const reportOf = (result: Result) => verifyReportSchema.parse(JSON.parse(result.stdout));

describe('a model and its retrofit', () => {
  test('for people: weights and outputs, nothing on stderr', async () => {
    const { code, stdout, stderr } = await verify(before, after);
    expect(stdout).toMatch(/^all 134 weights are there, 12 doubled as recorded; 12 more in the second model\n/);
    expect(stdout).toMatch(/\nthe outputs are identical, bit for bit \(4 examples, wasm\)\n$/);
    expect([stderr, code]).toEqual(['', 0]);
  });

  test('--json', async () => {
    const result = await verify(before, after, '--json', '--samples', '3', '--batch', '2', '--seed', '7');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(reportOf(result)).toMatchObject({
      identical: true,
      maxAbsDiff: 0,
      outputs: [{ name: 'predictions', maxAbsDiff: 0 }],
      firstDifference: null,
      backend: 'wasm',
      timing: null,
      examples: 3,
      before: { path: before, format: { container: 'tfjs' } },
      after: { path: after },
      weights: { checked: 134, doubled: 12, quantized: 0, added: 12, changed: [] },
    });
  });

  test('--time', async () => {
    const { timing } = reportOf(await verify(before, after, '--json', '--time'));
    for (const value of Object.values(timing!)) expect(value).toBeGreaterThan(0);
    expect((await verify(before, after, '--time')).stdout).toMatch(
      /\n[\d.]+ ms an example before, [\d.]+ ms after; run by turns [\d.]+ times as long\n$/,
    );
  });

  test('of Keras files, in another container and for another loader too', async () => {
    const place = newFolder();
    const keras = join(place, 'net.keras');
    await writeModel(await readModel(before), keras);
    expect((await run([keras, '--json', '-o', join(place, 'after.keras')])).code).toBe(0);
    expect((await run([keras, '--json', '-o', join(place, 'web')])).code).toBe(0);
    for (const made of ['after.keras', 'web']) {
      const report = reportOf(await verify(keras, join(place, made), '--json'));
      expect(report).toMatchObject({ identical: true, weights: { checked: 134, doubled: 12, changed: [] } });
    }
  });

  test('weights beside an architecture, named', async () => {
    const place = newFolder();
    await writeModel(await readModel(before), join(place, 'net.weights.h5'));
    const other = join(place, 'renamed.h5');
    writeFileSync(other, readFileSync(join(place, 'net.weights.h5')));
    const words = [
      join(place, 'net.json'),
      join(place, 'net.json'),
      '--before-weights',
      other,
      '--after-weights',
      other,
    ];
    expect((await verify(...words)).code).toBe(0);
  });
});

describe('models that differ: 3, with the whole report', () => {
  test('for people', async () => {
    const { code, stdout, stderr } = await verify(before, tuned);
    expect(stdout).toMatch(/^all 134 weights are there, 12 doubled as recorded; 12 more in the second model\n/);
    expect(stdout).toMatch(
      /\nthe outputs differ \(4 examples, wasm\): predictions by up to [\d.e-]+\nthey part at "se_4_1_scale"\n$/,
    );
    expect(stderr).toMatch(
      /^se-retrofit: [^\n]*tuned, layer "se_4_1_scale": the outputs differ by up to [\d.e-]+ \([^\n]+\)\n$/,
    );
    expect(code).toBe(3);
  });

  test('--json: one object, the report', async () => {
    const result = await verify(before, tuned, '--json');
    const report = reportOf(result);
    expect(report).toMatchObject({ identical: false, firstDifference: 'se_4_1_scale', weights: { changed: [] } });
    expect(report.maxAbsDiff).toBeGreaterThan(0);
    expect(result.stderr).toMatch(/^se-retrofit: [^\n]+\n$/);
    expect(result.code).toBe(3);
  });

  test('--tolerance: near enough is not identical, and fine', async () => {
    const { maxAbsDiff } = reportOf(await verify(before, tuned, '--json'));
    const result = await verify(before, tuned, '--json', '--tolerance', String(maxAbsDiff));
    expect(reportOf(result)).toMatchObject({ identical: false, tolerance: maxAbsDiff });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await verify(before, tuned, '--tolerance', '1');
    expect(stdout).toMatch(
      /\nthe outputs differ by no more than the tolerance of 1 \(4 examples, wasm\): predictions by /,
    );
    expectDiffers(await verify(before, tuned, '--tolerance', String(maxAbsDiff! * 0.9)), /more than/);
  });

  test('a weight that no output shows: the gate is 1/2 whatever the first projection says', async () => {
    const other = await rewritten('reduced', 'se_3_1_reduce');
    const result = await verify(after, other, '--json');
    expect(reportOf(result)).toMatchObject({
      identical: true,
      weights: { changed: [{ layer: 'se_3_1_reduce', weight: 'kernel', reason: 'values' }] },
    });
    expectDiffers(result, /only the modules' weights have changed: 1 of 146 weights/);
    expect(reportOf(result).weights.onlyModules).toBe(true);
    expect((await verify(after, other, '--tolerance', '1e-9')).code).toBe(0);
  });

  test('the same NaN in both are equal, and that is said', async () => {
    const place = newFolder();
    const broken = buildModel();
    new Float32Array(broken.files.get('weights.bin')!.buffer).fill(Number.NaN);
    const path = writeBuilt(join(place, 'net'), broken);
    const result = await verify(path, path, '--json');
    expect(result.code).toBe(0);
    expect(reportOf(result)).toMatchObject({ identical: true, maxAbsDiff: 0, numbers: 12, bothNaN: 12 });
    const { stderr } = await verify(path, path);
    expect(stderr).toMatch(
      /^warning: every number of every output is NaN in both models: [^\n]*proves nothing[^\n]*\n$/,
    );
    expect(reportOf(await verify(before, after, '--json'))).toMatchObject({ bothNaN: 0 });
    const added = await run([path, '--verify', '--dry-run', '--markdown', join(place, 'report.md')]);
    expect(added.stderr).toMatch(/^warning: every number of every output is NaN/m);
    expect(readFileSync(join(place, 'report.md'), 'utf8')).toContain('- every number of every output is NaN');
  });

  test('a NaN is no number with a difference', async () => {
    const place = newFolder();
    const model = buildModel();
    const path = writeBuilt(join(place, 'net'), model);
    const broken = writeBuilt(join(place, 'broken'), model);
    const file = join(place, 'broken', 'weights.bin');
    const bytes = readFileSync(file);
    bytes.writeFloatLE(Number.NaN, bytes.byteLength - 4);
    writeFileSync(file, bytes);
    const result = await verify(path, broken, '--json', '--tolerance', '1000');
    expect(reportOf(result)).toMatchObject({ identical: false, maxAbsDiff: null, firstDifference: 'classes' });
    expect(result.code).toBe(3);
    expect((await verify(broken, broken)).code).toBe(0);
  });
});

describe('--images', () => {
  const images = join(newFolder(), 'images');
  beforeAll(async () => {
    for (const [name, colour] of Object.entries({ dogs: 'red', cats: 'blue' })) {
      mkdirSync(join(images, name), { recursive: true });
      for (let index = 0; index < 3; index++) {
        await sharp({ create: { width: 20 + index, height: 20, channels: 3, background: colour } })
          .png()
          .toFile(join(images, name, `${index}.png`));
      }
    }
    writeFileSync(join(images, 'cats', 'broken.png'), 'no picture');
  });

  test('in class folders, in batches; a broken one is named and left out', async () => {
    const result = await verify(before, after, '--images', images, '--batch', '4', '--json');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(reportOf(result)).toMatchObject({
      identical: true,
      examples: 6,
      skipped: [{ path: join(images, 'cats', 'broken.png') }],
    });
    const shown = await verify(before, after, '--images', images, '--preprocess', 'caffe');
    expect(shown.stderr).toMatch(/^skipped [^\n]*broken\.png: [^\n]+\n$/);
    expect(shown.code).toBe(0);
  });

  test('without classes', async () => {
    expect(reportOf(await verify(before, after, '--images', join(images, 'dogs'), '--json'))).toMatchObject({
      examples: 3,
    });
  });

  test('none there, none readable, not for this model', async () => {
    const empty = newFolder();
    expectFailure(await verify(before, after, '--images', join(empty, 'none')), 4, 'no such folder');
    expectFailure(await verify(before, after, '--images', empty), 4, 'no images');
    writeFileSync(join(empty, 'a.png'), 'no picture');
    const broken = await verify(before, after, '--images', empty);
    expect(broken.stderr).toMatch(/not one of the images can be decoded/);
    expect(broken.code).toBe(4);
    const sound = copyFixture('conv1d-residual', newFolder());
    expectFailure(await verify(sound, sound, '--images', images), 4, 'images cannot be given to it');
    expectFailure(await verify(before, after, '--images', images, '--preprocess', 'other'), 2, 'preprocess');
  });
});

describe('what TensorFlow.js cannot compute: 4, after the weights', () => {
  const custom = (name: string, place: string) => {
    const model = buildModel();
    layersOf(model).splice(6, 0, layer('OurOwnLayer', 'mine', { strength: 3 }, ['rectified']));
    layersOf(model)[7]!.inbound_nodes = [[['mine', 0, 0, {}]]];
    return writeBuilt(join(place, name), model);
  };

  test('a custom layer', async () => {
    const place = newFolder();
    const model = custom('net', place);
    expect((await run([model, '-o', join(place, 'after')])).code).toBe(0);
    const result = await verify(model, join(place, 'after'));
    expect(result.code).toBe(4);
    expect(result.stderr).toMatch(/^se-retrofit: .*layer "mine".*: no outputs to compare: .*\n$/);
    expect(result.stdout).toContain('all 8 weights are there, 2 doubled as recorded');
    const { error } = errorReportSchema.parse(JSON.parse((await verify(model, join(place, 'after'), '--json')).stdout));
    expect(error).toMatchObject({ code: 'cannot-compute', where: { layer: 'mine' } });
    expect(error.message).toContain('all 8 weights are there');
    const spoilt = readFileSync(join(place, 'after', 'weights.bin'));
    spoilt.writeFloatLE(5, 0);
    writeFileSync(join(place, 'after', 'weights.bin'), spoilt);
    const { stdout } = await verify(model, join(place, 'after'));
    expect(stdout).toContain('1 of 8 weights is not as recorded: "kernel" of "stem"');
  });

  test('a causal convolution', async () => {
    const model = copyFixture('conv1d-causal', newFolder());
    expect((await run([model])).code).toBe(0);
    const { code, stdout, stderr } = await verify(model, `${model}-se`);
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining('TensorFlow.js') });
    expect(stdout).toMatch(/all \d+ weights are there/);
  });
});

describe('bad input', () => {
  test.each([
    [[], /missing required argument 'before'/],
    [[before], /missing required argument 'after'/],
    [[before, after, 'third'], /too many arguments/],
    [[before, after, '--samples', '0'], /--samples "0"/],
    [[before, after, '--samples', 'many'], /--samples "many"/],
    [[before, after, '--batch', '0'], /--batch "0"/],
    [[before, after, '--tolerance', '-1'], /--tolerance "-1"/],
    [
      [before, after, '--tolerance', 'NaN'],
      /--tolerance "NaN" is no number of at least 0 \(give a plain number, such as 0.001/,
    ],
    [[before, after, '--preprocess', 'tf'], /--preprocess is for images, .*--images/],
    [[before, after, '--images', folder, '--samples', '4'], /'--samples <number>' cannot be used with .*'--images/],
    [[before, after, '--before-weights', 'x.h5'], /no others can be given \(leave --before-weights out/],
    [[before, after, '--after-weights', 'x.h5'], /no others can be given \(leave --after-weights out/],
    [[before, after, '--seed', '1.5'], /--seed "1.5"/],
    [[before, after, '--backend', 'webgl'], /--backend/],
    [[before, after, '--unknown'], /--unknown/],
  ])('%j: 2', async (words, said) => {
    expectFailure(await run(['verify', ...words]), 2, said);
  });

  test.each([
    ['no such file', [join(folder, 'none'), after], 'none'],
    ['the second is no model', [before, join(folder, 'text')], 'text'],
    ['other outputs', [before, copyFixture('multi-io', newFolder())], 'cannot be compared'],
  ])('%s: 4', async (_, words, said) => {
    writeFileSync(join(folder, 'text'), 'no model');
    expectFailure(await verify(...words), 4, said);
    const { command } = errorReportSchema.parse(JSON.parse((await verify(...words, '--json')).stdout));
    expect(command).toBe('verify');
  });

  test('a weight file that ends too soon', async () => {
    const copy = copyFixture('resnet-v1', newFolder());
    const shard = join(copy, JSON.parse(readFileSync(join(copy, 'model.json'), 'utf8')).weightsManifest[0].paths[0]);
    writeFileSync(shard, readFileSync(shard).subarray(0, 100));
    expectFailure(await verify(before, copy), 4);
  });

  test('a backend that does not run here: 2, saying why', async () => {
    const result = await run(['verify', before, after, '--backend', 'tfjs-node']);
    expectFailure(result, 2, 'tfjs-node does not run here: ', 'se-retrofit backends');
  });
});

function expectDiffers(result: Result, said: RegExp): void {
  expect(result.stderr).toMatch(/^se-retrofit: [^\n]+\n$/);
  expect(result.stderr).toMatch(said);
  expect(result.code).toBe(3);
}
