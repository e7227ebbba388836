import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  errorReportSchema,
  exciteReportSchema,
  planRetrofit,
  readModel,
  retrofit,
  writeModel,
} from '../../src/index.js';
import { nextStep } from '../../src/report/excite-sentences.js';
import { BIN, bytesIn, copyFixture, expectFailure, makeFolders, namesIn } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';
import { writeDigits } from '../support/digits.js';
import { sketchExcitation, sketchRun } from '../support/excitations.js';
import { buildModel, layerOf, weightOf, writeBuilt } from '../support/model-builder.js';
import { resize } from './refused.js';

const newFolder = makeFolders();
/** Models and pictures that every test may read. */
let shared: string;

beforeAll(async () => {
  shared = newFolder();
  await writeDigits(join(shared, 'digits'), [1, 4, 8], 12);
  copyFixture('efficientnet-like', shared);
  await writeModel(
    retrofit(await readModel(copyFixture('single-channel', shared)), { minUnits: 1 }),
    join(shared, 'grey-se.keras'),
  );
});

/** A folder of its own with a model and pictures in it. */
function newPlace(model: string): string {
  const folder = newFolder();
  for (const name of [model, 'digits']) cpSync(join(shared, name), join(folder, name), { recursive: true });
  return folder;
}

const BACKEND = ['--backend', 'wasm'] as const;

test('folders of other classes than the untrained model tells apart: the command asks for a new head', async () => {
  const folder = newPlace('grey-se.keras');
  const model = join(folder, 'mobilenet-v2-se');
  await writeModel(retrofit(await readModel(copyFixture('mobilenet-v2', folder))), model);
  const { stderr } = await run(['excite', 'mobilenet-v2-se', 'digits', ...BACKEND], { cwd: folder });
  expect(stderr).toMatch(
    /^Next: se-retrofit tune mobilenet-v2-se digits -o mobilenet-v2-se-tuned --head new\n {2}[^\n]+\n$/,
  );
});

test('the command that leaves a stage out can be pasted into a shell as it is', async () => {
  const folder = newFolder();
  const path = "my net's-se.keras";
  await writeModel(retrofit(await readModel(copyFixture('mobilenet-v2', folder))), join(folder, path));
  const { stage, block, params } = { stage: 1, block: 1, params: 9000 };
  const excitation = sketchExcitation([
    { stage: 2, block: 1, params: 1000 },
    { stage, block, params, between: 0.001, within: 0.01 },
  ]);
  const { command } = nextStep(sketchRun(excitation, { input: { ...sketchRun(excitation).input, path } }))!;
  const bin = newFolder();
  writeFileSync(join(bin, 'se-retrofit'), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  execFileSync('sh', ['-c', command], { cwd: folder, stdio: 'pipe', env });
  const plan = planRetrofit(await readModel(copyFixture('mobilenet-v2', newFolder())), { skipStages: [1] });
  const made = await readModel(join(folder, "my net's-se-plain-se.keras"));
  expect(made.record!.modules.map(({ name }) => name)).toEqual(plan.sites.map(({ name }) => name));
});

describe('a report', () => {
  test('of a foreign model, beside it: page, figures, CSV, one object', async () => {
    const folder = newPlace('efficientnet-like');
    const words = ['excite', 'efficientnet-like', 'digits', '--csv', 'gates.csv', ...BACKEND];
    const { stdout, stderr, code } = await run([...words, '--json'], { cwd: folder });
    expect([code, stderr]).toEqual([0, '']);
    const report = exciteReportSchema.parse(JSON.parse(stdout));
    expect(report).toMatchObject({
      command: 'excite',
      images: 36,
      preprocess: 'none',
      backend: 'wasm',
      classes: ['eight', 'four', 'one'].map((name) => ({ name, images: 12 })),
      output: { path: 'efficientnet-like-excite', csv: 'gates.csv' },
      skipped: [],
      warnings: [],
    });
    expect(report.blocks.length).toBeGreaterThan(1);
    for (const { channels, mean, deviation, perClass, untrained } of report.blocks) {
      expect([mean.length, deviation.length]).toEqual([channels, channels]);
      expect(Object.keys(perClass)).toEqual(['eight', 'four', 'one']);
      expect(untrained).toBe(false);
      // Every class has as many images: the mean of all is the mean of theirs.
      for (const [channel, value] of mean.entries()) {
        const ofClasses = Object.values(perClass).map((gates) => gates[channel]!);
        expect(value).toBeCloseTo(ofClasses.reduce((sum, gate) => sum + gate, 0) / 3, 6);
      }
    }

    const names = namesIn(join(folder, 'efficientnet-like-excite'));
    expect(names).toEqual([...report.output.files].sort());
    expect(names).toEqual(expect.arrayContaining(['index.html', 'gates.svg', 'distances.svg', 'stages.svg']));
    expect(names.filter((name) => /^\d\d-/.test(name))).toHaveLength(report.blocks.length);

    const [head, ...rows] = readFileSync(join(folder, 'gates.csv'), 'utf8').trimEnd().split('\r\n');
    expect(head).toBe('module,stage,block,channel,class,images,mean,deviation');
    const values = new Map(
      rows.map((row) => row.split(',')).map((row) => [row.slice(0, 5).join(), row.slice(5).map(Number)]),
    );
    expect(values.size).toBe(rows.length);
    expect(rows).toHaveLength(report.blocks.reduce((sum, { channels }) => sum + 4 * channels, 0));
    for (const { name, stage, block, mean, deviation, perClass } of report.blocks) {
      for (const [channel, value] of mean.entries()) {
        const key = [name, stage, block ?? '', channel].join();
        expect(values.get(`${key},`)).toEqual([36, value, deviation[channel]]);
        expect(values.get(`${key},four`)!.slice(0, 2)).toEqual([12, perClass.four![channel]]);
      }
    }
  });

  test('of an untrained model in another format: says so, and what to do', async () => {
    const folder = newPlace('grey-se.keras');
    const { stdout, stderr, code } = await run(['excite', 'grey-se.keras', 'digits', ...BACKEND], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^module +stage +channels +params/);
    expect(stdout).toMatch(/\nse_\d_1 .* untrained or dead /);
    expect(stdout).toMatch(/modules? over 36 images of 3 classes, computed on wasm\n/);
    expect(stdout).toMatch(
      /so the modules are untrained, or dead after too high a learning rate\. Train them, then look again\.\n/,
    );
    expect(stdout).toMatch(/\ngrey-se-excite\/index\.html {2}\([\d.]+ kB, \d+ ms\)\n$/);
    // An image for an image: nothing that tune could train.
    expect(stderr).toBe('');
    expect(readFileSync(join(folder, 'grey-se-excite/index.html'), 'utf8')).toContain('Gates of grey-se.keras');
  });

  test('the same command writes the same bytes; --force replaces a report and nothing else', async () => {
    const folder = newPlace('grey-se.keras');
    const words = ['excite', 'grey-se.keras', 'digits', '-o', 'report', ...BACKEND];
    expect((await run([...words, '--quiet'], { cwd: folder })).stdout).toBe('');
    const before = bytesIn(join(folder, 'report'));
    expectFailure(await run(words, { cwd: folder }), 2, 'report: the output exists already');
    expect((await run([...words, '--force'], { cwd: folder })).code).toBe(0);
    expect(bytesIn(join(folder, 'report'))).toEqual(before);
    writeFileSync(join(folder, 'report/notes.txt'), 'mine');
    expectFailure(await run([...words, '--force'], { cwd: folder }), 2, 'report', 'is no report, or more than one');
    expect(namesIn(join(folder, 'report'))).toContain('notes.txt');
    expectFailure(await run([...words, '-o', 'digits', '--force'], { cwd: folder }), 2, 'is no report');
  });

  test('chosen classes get the lines; some images of each', async () => {
    const folder = newPlace('efficientnet-like');
    const words = ['excite', 'efficientnet-like', 'digits', '--classes', 'four,eight', '--per-class', '5', ...BACKEND];
    const { stdout } = await run([...words, '--json'], { cwd: folder });
    const report = exciteReportSchema.parse(JSON.parse(stdout));
    expect(report.images).toBe(15);
    expect(Object.keys(report.blocks[0]!.perClass)).toEqual(['eight', 'four']);
    expect(report.warnings.map(({ code }) => code)).toEqual(['few-images']);
    const page = readFileSync(join(folder, 'efficientnet-like-excite/index.html'), 'utf8');
    expect(page).toContain('Shown are 2 of 3 classes');
  });

  test('names of folders are text, whatever they are; broken images are named, left out and counted', async () => {
    const folder = newPlace('efficientnet-like');
    const hostile = `<img src=x onerror='alert("1")'>, &amp;`;
    cpSync(join(folder, 'digits/one'), join(folder, 'digits', hostile), { recursive: true });
    cpSync(join(folder, 'digits/one'), join(folder, 'digits/__proto__'), { recursive: true });
    mkdirSync(join(folder, 'digits/empty'));
    writeFileSync(join(folder, 'digits/one/broken.png'), 'no image');
    const words = ['excite', 'efficientnet-like', 'digits', '--csv', 'gates.csv', '--classes', hostile, ...BACKEND];
    const json = await run([...words, '--classes', '__proto__', '--json'], { cwd: folder });
    const report = JSON.parse(json.stdout);
    expect(report.images).toBe(60);
    expect(report.classes.map(({ name }: { name: string }) => name)).toEqual([
      hostile,
      '__proto__',
      'eight',
      'four',
      'one',
    ]);
    expect(Object.keys(report.blocks[0].perClass)).toEqual([hostile, '__proto__']);
    expect(report.skipped).toEqual([{ path: 'digits/one/broken.png', reason: expect.stringMatching(/\w{3}/) }]);
    const page = readFileSync(join(folder, 'efficientnet-like-excite/index.html'), 'utf8');
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img src=x');
    expect(readFileSync(join(folder, 'gates.csv'), 'utf8')).toContain(`,"${hostile.replaceAll('"', '""')}",12,`);
    const plain = await run([...words, '--force'], { cwd: folder });
    expect(plain.code).toBe(0);
    expect(plain.stderr).toMatch(/warning: digits\/one\/broken\.png: left out, it cannot be decoded: /);
  });

  test('one class: a warning, and nothing is said of classes', async () => {
    const folder = newPlace('efficientnet-like');
    const words = ['excite', 'efficientnet-like', 'one-digit', ...BACKEND, '--json'];
    cpSync(join(folder, 'digits/one'), join(folder, 'one-digit/one'), { recursive: true });
    const report = exciteReportSchema.parse(JSON.parse((await run(words, { cwd: folder })).stdout));
    expect(report.warnings.map(({ code }) => code)).toEqual(['one-class']);
    expect(report.blocks.map(({ specificity }) => specificity)).toEqual(report.blocks.map(() => 0));
    expect(report.recommend).toMatchObject({ code: 'unknown-classes', skipStages: [], savesParams: 0, next: null });
    expect(namesIn(join(folder, 'efficientnet-like-excite'))).not.toContain('distances.svg');
  });
});

describe('refused, and nothing is written', () => {
  const MODEL = 'grey-se.keras';
  const refusals: readonly (readonly [string, readonly string[], number, string, RegExp])[] = [
    ['no such folder', [MODEL, 'nowhere'], 4, 'no-such-folder', /there is no such folder/],
    ['a file for a folder', [MODEL, MODEL], 4, 'no-such-folder', /this is no folder/],
    ['no images', [MODEL, 'empty'], 4, 'no-images', /holds no images/],
    ['no classes', [MODEL, 'digits/one'], 4, 'no-classes', /no class folders/],
    ['not one image that can be decoded', [MODEL, 'broken'], 4, 'no-images', /not one of the images/],
    ['a model without modules', ['single-channel', 'digits'], 4, 'no-modules', /holds no SE module/],
    ['a wrong channel count', ['four-se', 'digits'], 4, 'not-an-image-model', /an input of 4 channels/],
    ['no such model', ['nothing.keras', 'digits'], 4, 'not-found', /no such file/],
    [
      'an unknown class',
      [MODEL, 'digits', '--classes', 'one,nine'],
      2,
      'unknown-class',
      /"nine": there is no such class/,
    ],
    [
      'labels without a class',
      [MODEL, 'digits', '--labels', 'labels.txt'],
      2,
      'unknown-class',
      /the folder "four" is no class/,
    ],
    ['no images of a class', [MODEL, 'digits', '--per-class', '0'], 2, 'bad-option', /--per-class "0"/],
    ['an unknown backend', [MODEL, 'digits', '--backend', 'abacus'], 2, 'bad-flags', /abacus/],
    ['an unknown preprocessing', [MODEL, 'digits', '--preprocess', 'magic'], 2, 'bad-flags', /magic/],
    ['no images given', [MODEL], 2, 'bad-flags', /images/],
    ['a table that exists', [MODEL, 'digits', '--csv', 'labels.txt'], 2, 'output-exists', /exists already/],
    [
      'a table in the report',
      [MODEL, 'digits', '--csv', 'grey-se-excite/x.csv'],
      2,
      'bad-option',
      /in the folder of the report/,
    ],
    ['a table by the name of a page', [MODEL, 'digits', '--csv', 'gates.html'], 2, 'bad-option', /is CSV/],
    ['a table without a name', [MODEL, 'digits', '--csv', ''], 2, 'bad-option', /--csv names no place/],
    [
      'a table in place of the model',
      [MODEL, 'digits', '--csv', MODEL, '--force'],
      2,
      'output-is-input',
      /a file of the model/,
    ],
    ['a report that exists', [MODEL, 'digits', '-o', 'empty'], 2, 'output-exists', /exists already/],
    [
      'a place that cannot be written',
      [MODEL, 'digits', '-o', `${MODEL}/report`],
      5,
      'cannot-write',
      /is not a folder/,
    ],
  ];

  let folder: string;
  beforeAll(async () => {
    folder = newPlace(MODEL);
    copyFixture('single-channel', folder);
    mkdirSync(join(folder, 'empty'));
    mkdirSync(join(folder, 'broken/one'), { recursive: true });
    writeFileSync(join(folder, 'broken/one/1.png'), 'no image');
    writeFileSync(join(folder, 'labels.txt'), 'one\ntwo\neight\n');
    const built = buildModel();
    layerOf(built, 'image').config.batch_input_shape = [null, 8, 8, 4];
    weightOf(built, 'stem/kernel').shape = [3, 3, 4, 4];
    resize(built, 4 * 9 * 4);
    const four = await readModel(writeBuilt(join(folder, 'four'), built));
    await writeModel(retrofit(four), join(folder, 'four-se'));
  });

  test('a model without modules: the command that puts them in', async () => {
    const words = ['excite', 'single-channel', 'digits', ...BACKEND];
    const hint = 'put modules in first: se-retrofit single-channel/model.json)';
    expectFailure(await run(words, { cwd: folder }), 4, hint);
  });

  test('the option of a table that exists is named, and the table as it was given', async () => {
    expectFailure(
      await run(['excite', MODEL, 'digits', '--csv', 'labels.txt', ...BACKEND], { cwd: folder }),
      2,
      /^se-retrofit: labels\.txt: the table exists already \(give another name with --csv, or --force to replace it\)/,
    );
  });

  test.each(refusals)('%s', async (_, words, exit, code, message) => {
    const before = namesIn(folder);
    const json = await run(['excite', ...words, ...(words.includes('--backend') ? [] : BACKEND), '--json'], {
      cwd: folder,
    });
    const { command, error } = errorReportSchema.parse(JSON.parse(json.stdout));
    expect([json.code, command, error.code]).toEqual([exit, 'excite', code]);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(/\w{3}/);
    expect(json.stderr).toMatch(/^se-retrofit: [^\n]+\n$/);
    expect(namesIn(folder)).toEqual(before);
  });
});
