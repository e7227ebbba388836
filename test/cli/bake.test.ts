import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bakeReportSchema, inspect, readModel, retrofit, writeModel } from '../../src/index.js';
import { loadModel } from '../../src/runtime/load-model.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import { bytesIn, copyFixture, expectFailure, makeFolders, namesIn } from '../support/cli.js';
import { runHere as run, runHere } from '../support/cli-here.js';
import { distance, withConstantGates } from '../support/constant-gates.js';
import { writeDigits } from '../support/digits.js';
import { modelFolder } from '../support/fixtures.js';
import { predict, seededInputs } from '../support/tensorflow.js';

const newFolder = makeFolders();
const BACKEND = ['--backend', 'wasm'] as const;
const FORMATS = ['grey', 'grey.keras', 'grey.h5'] as const;

let folder: string;

/** A model whose gates are constants, so that baking changes nothing but the rounding. */
beforeAll(async () => {
  folder = newFolder();
  const model = await readModel(copyFixture('single-channel', folder));
  const { model: constant } = withConstantGates(retrofit(model, { bias: true, minUnits: 1 }));
  for (const name of FORMATS) await writeModel(constant, join(folder, name));
  await writeModel(retrofit(model, { minUnits: 1 }), join(folder, 'untrained.keras'));
  await writeDigits(join(folder, 'digits'), [1, 4, 8], 6);
});

const compute = async (path: string) => {
  const { runs } = await loadModel(await startBackend('wasm'), await readModel(path));
  return predict(runs, seededInputs(runs, 1))[0]!;
};

test.each(FORMATS)('%s: the modules are gone and their gates are in the weights', async (name) => {
  const output = join(folder, `baked-${name}`);
  const { code, stdout, stderr } = await run(['bake', name, 'digits', '-o', output, '--json', ...BACKEND], {
    cwd: folder,
  });
  expect([code, stderr]).toEqual([0, '']);
  const report = bakeReportSchema.parse(JSON.parse(stdout));
  expect(report).toMatchObject({ images: 18, kept: [], skipped: [] });
  expect(report.modules.length).toBeGreaterThan(0);
  for (const { spread } of report.modules) expect(spread).toBeLessThan(1e-6);
  expect(report.params.after).toBeLessThan(report.params.before);
  expect(inspect(await readModel(output)).modules).toEqual([]);
  const { most, largest } = distance(await compute(join(folder, name)), await compute(output));
  expect(most / largest).toBeLessThan(1e-5);
});

test('the same bytes every time, and nothing on stdout but the report', async () => {
  for (const name of ['first', 'second'])
    expect((await run(['bake', 'grey', 'digits', '-o', name, ...BACKEND], { cwd: folder })).code).toBe(0);
  expect(bytesIn(join(folder, 'first'))).toEqual(bytesIn(join(folder, 'second')));
});

describe('what is refused leaves nothing behind', () => {
  const refused = async (code: number, words: readonly string[], ...said: readonly RegExp[]) => {
    const before = namesIn(folder);
    expectFailure(await run(['bake', ...words, ...BACKEND], { cwd: folder }), code, ...said);
    expect(namesIn(folder)).toEqual(before);
  };

  test('a model without modules', () => refused(4, ['single-channel', 'digits', '-o', 'out'], /no .*modules?/));
  test('no such folder', () => refused(4, ['grey', 'nowhere', '-o', 'out'], /no such folder/));
  test('a folder without images', async () => {
    mkdirSync(join(folder, 'empty'), { recursive: true });
    await refused(4, ['grey', 'empty', '-o', 'out'], /no images/);
  });
  test('images of which none can be decoded', async () => {
    mkdirSync(join(folder, 'broken', 'a'), { recursive: true });
    writeFileSync(join(folder, 'broken', 'a', 'x.png'), 'no image');
    await refused(4, ['grey', 'broken', '-o', 'out'], /decoded/);
  });
  test('gates that move more than --below says', () =>
    refused(3, ['untrained.keras', 'digits', '-o', 'out', '--below', '0'], /move by/));
  test('more than all for --below', () => refused(2, ['grey', 'digits', '-o', 'out', '--below', '5'], /0\.05 for 5 %/));
  test('no number for --below', () => refused(2, ['grey', 'digits', '-o', 'out', '--below', 'x'], /below/));
  test('an output that exists', () => refused(2, ['grey', 'digits', '-o', 'grey.keras'], /exists/));
  test('no output', () => refused(2, ['grey', 'digits'], /output/));
});

test.each([
  ['three folders, five classes', 'five', 'digits', /the images lie in 3 folders and the model has 5 classes/],
  ['no classifier', 'grey', 'digits', /the output of the model says no class/],
  ['no folders: nobody expects it', 'five', 'digits/one', undefined],
])('accuracy is left out with the reason: %s', async (_, model, images, said) => {
  await writeModel(retrofit(await readModel(modelFolder('resnet-dropout'))), join(folder, 'five'), { force: true });
  const output = `${model}-${images.replace('/', '-')}-out`;
  const words = ['bake', model, images, '-o', output, '--json', ...BACKEND];
  const { code, stdout } = await runHere(words, { cwd: folder });
  expect(code).toBe(0);
  const { accuracy, warnings } = bakeReportSchema.parse(JSON.parse(stdout));
  expect(accuracy).toBe(null);
  const about = warnings.filter(({ code }) => code === 'no-accuracy').map(({ message }) => message);
  expect(about).toEqual(said === undefined ? [] : [expect.stringMatching(said)]);
});

test('a broken image is named, left out and counted', async () => {
  await writeDigits(join(folder, 'mixed'), [1, 4], 2);
  writeFileSync(join(folder, 'mixed', 'one', 'broken.png'), 'no image');
  const { code, stdout } = await run(['bake', 'grey', 'mixed', '-o', 'mixed-out', '--json', ...BACKEND], {
    cwd: folder,
  });
  expect(code).toBe(0);
  const report = bakeReportSchema.parse(JSON.parse(stdout));
  expect(report.images).toBe(4);
  expect(report.skipped.map(({ path }) => path)).toEqual([join('mixed', 'one', 'broken.png')]);
});
