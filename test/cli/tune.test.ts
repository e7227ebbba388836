import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { readModel, tuneReportSchema } from '../../src/index.js';
import { makeFolders, run } from '../support/cli.js';
import { runHere } from '../support/cli-here.js';
import { writePictures } from '../support/labelled-pictures.js';
import { CLASSES, makeTunePlace, type TunePlace } from './tune-place.js';

const newFolder = makeFolders();

let place: TunePlace;
beforeAll(async () => {
  place = await makeTunePlace();
});

describe('a run', () => {
  test('trains the modules alone, and says what came of it', async () => {
    const output = join(newFolder(), 'tuned');
    const { code, stdout, stderr } = await place.tune('resnet-dropout', output, '--json', '--learning-rate', '0.02');
    expect(code).toBe(0);
    const report = tuneReportSchema.parse(JSON.parse(stdout));
    expect(report).toMatchObject({
      command: 'tune',
      backend: 'cpu',
      classes: CLASSES,
      images: { training: 15, validation: 5, skipped: [] },
      loss: 'categorical',
      options: { epochs: 2, learningRate: 0.02, train: 'modules', validation: 0.1, preprocess: 'unit' },
    });
    expect(report.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(report.epochs[report.best - 1]).toMatchObject({
      validationLoss: report.after.loss,
      validationAccuracy: report.after.accuracy,
    });
    expect(stderr.match(/^epoch \d\/2: loss /gm)).toHaveLength(2);

    const [before, after] = [await readModel(place.model('resnet-dropout')), await readModel(output)];
    const changed = await changedWeights(before, after);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.filter((name) => !/^se_/.test(name))).toEqual([]);
    const params = before.graph.layers.filter(({ name }) => /^se_/.test(name)).flatMap(({ weights }) => weights);
    expect(report.params.trained).toBe(
      params.reduce((sum, { tensor }) => sum + tensor.shape[0]! * tensor.shape[1]!, 0),
    );
  });

  test('trains everything that is not frozen, batch norms and their averages too', async () => {
    const output = join(newFolder(), 'tuned');
    expect((await place.tune('resnet-dropout', output, '--train', 'all', '--quiet')).code).toBe(0);
    const before = await readModel(place.model('resnet-dropout'));
    const changed = await changedWeights(before, await readModel(output));
    const all = before.graph.layers.flatMap(({ name, weights }) => weights.map((weight) => `${name}/${weight.name}`));
    // Reduce kernels get no gradient before expand has moved, and biases in front of batch norms none at all.
    expect(all.filter((name) => !changed.includes(name) && !/bias|reduce/.test(name))).toEqual([]);
    expect(changed.filter((name) => /moving_/.test(name)).length).toBeGreaterThan(0);
  });

  test('prints what was trained, which files changed and the output off a terminal, a line an epoch on stderr, and nothing with --quiet', async () => {
    const folder = newFolder();
    const told = await place.tune('resnet-dropout', join(folder, 'one'));
    expect(told.stdout).toMatch(
      /^trained [\d,]+ of [\d,]+ parameters on 15 images of 5 classes; epoch \d of 2 is written\nvalidation \(5 images\): .* before, .* after\npixels went in at 16 x 16, divided by 255 .*\nfiles of weights that changed: se_modules\.bin \(.* k?B\); the others are the model's, byte for byte\n\S+one\/model\.json {2}\(.*\)\n$/,
    );
    expect(told.stderr).not.toContain('\u001b');
    expect(await place.tune('resnet-dropout', join(folder, 'two'), '--quiet')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  test.each([
    ['keras3.keras', 'tuned.keras', { container: 'keras-zip', dialect: 'keras3' }],
    ['keras2.keras', 'tuned.keras', { container: 'keras-zip', dialect: 'keras2' }],
    ['keras.h5', 'tuned.h5', { container: 'keras-h5', dialect: 'keras3' }],
    ['quantized-uint8', 'tuned', { container: 'tfjs', dialect: 'keras2' }],
    ['resnet-dropout', 'tuned.keras', { container: 'keras-zip', dialect: 'keras3' }],
  ])('%s becomes %s', async (name, output, format) => {
    const folder = newFolder();
    const { code, stdout } = await place.tune(name, join(folder, output), '--json', '--epochs', '1');
    expect(code).toBe(0);
    const report = tuneReportSchema.parse(JSON.parse(stdout));
    expect(report.output.format).toMatchObject(format);
    expect((await readModel(join(folder, output))).format).toMatchObject(format);
  });

  test('the same model in another format is trained to the same numbers', async () => {
    const folder = newFolder();
    const epochs = [];
    for (const name of ['resnet-dropout', 'keras3.keras', 'keras.h5']) {
      const { stdout } = await place.tune(name, join(folder, `from-${name.replace('.', '-')}`), '--json');
      epochs.push(tuneReportSchema.parse(JSON.parse(stdout)).epochs);
    }
    expect(epochs[1]).toEqual(epochs[0]);
    expect(epochs[2]).toEqual(epochs[0]);
  });

  const native = inject('native');
  test.skipIf('reason' in native)('on a native backend, which auto takes, to nearly the same numbers', async () => {
    const { folder: built } = native as { readonly folder: string };
    // An odd batch, for which oneDNN's gradients would write outside their memory.
    const words = ['--train', 'all', '--batch', '7', '--json', '--epochs', '2'];
    const [slow, fast] = await Promise.all(
      ['cpu', 'auto'].map(async (backend) => {
        const output = ['-o', join(newFolder(), 'tuned'), '--backend', backend];
        const given = ['tune', place.model('resnet-dropout'), place.images, ...words, ...output];
        const { stdout } = await run(given, { env: { SE_RETROFIT_NATIVE: built } });
        return tuneReportSchema.parse(JSON.parse(stdout));
      }),
    );
    expect(fast!.backend).toBe('tfjs-node-gpu');
    for (const [index, { loss, validationLoss }] of fast!.epochs.entries()) {
      expect(loss).toBeCloseTo(slow!.epochs[index]!.loss, 2);
      expect(validationLoss).toBeCloseTo(slow!.epochs[index]!.validationLoss, 2);
    }
  });

  test('is judged by a folder of others, and stops when it no longer gets better', async () => {
    const output = join(newFolder(), 'tuned');
    const words = [
      '--validation',
      join(place.folder, 'others'),
      '--epochs',
      '30',
      '--patience',
      '2',
      '--learning-rate',
      '0.3',
    ];
    const { stdout } = await place.tune('resnet-dropout', output, ...words, '--json', '--best', 'accuracy');
    const report = tuneReportSchema.parse(JSON.parse(stdout));
    expect(report.images).toMatchObject({ training: 20, validation: 10 });
    expect(report.epochs.length).toBe(report.best + 2);
    expect(report.after.accuracy).toBe(Math.max(...report.epochs.map(({ validationAccuracy }) => validationAccuracy)));
  });

  test('writes a page with the curves, that loads nothing', async () => {
    const folder = newFolder();
    const page = join(folder, 'curves.html');
    expect((await place.tune('resnet-dropout', join(folder, 'tuned'), '--html', page)).code).toBe(0);
    const html = readFileSync(page, 'utf8');
    expect(html.match(/<svg[^>]*role="img"/g)).toHaveLength(2);
    expect(html).not.toMatch(/https?:|src=|href=|NaN|undefined/);
    expect(html).toMatch(/<p>Trained [\d,]+ of /);
    expect(html).toMatch(/>\d+ of \d+ \([\d.]+\s%\)</);
    expect(html).toMatch(/>--learning-rate<\/th><td>0\.001</);
  });

  test('pictures that are none: each is named once, and left out', async () => {
    const folder = newFolder();
    const images = join(folder, 'images');
    await writePictures(images, CLASSES, 6);
    const broken = ['a/000.png', 'b/000.png', 'b/001.png', 'b/broken.png'].map((name) => join(images, name));
    for (const path of broken) writeFileSync(path, 'no picture');
    const words = ['tune', place.model('resnet-dropout'), images, '-o', join(folder, 'tuned'), '--backend', 'cpu'];
    // As a process: what is told on the way, and how it ends.
    const told = await run([...words, '--epochs', '2']);
    expect(told.code).toBe(0);
    for (const path of broken) expect(told.stderr.split('\n').filter((line) => line.includes(path))).toHaveLength(1);
    expect(told.stderr).not.toContain('could not be decoded');
    const result = await runHere([...words, '--epochs', '2', '--json', '--force']);
    const { images: found, warnings } = tuneReportSchema.parse(JSON.parse(result.stdout));
    expect(found.skipped.map(({ path }) => path).sort()).toEqual(broken);
    expect(found.training + found.validation).toBe(5 * 6 + 1 - broken.length);
    expect(told.stdout).toContain(` on ${found.training} images of 5 classes`);
    const right = (images: number) => `accuracy \\d+ of ${images} \\([\\d.]+ %\\)`;
    expect(told.stdout).toMatch(
      new RegExp(
        `^validation \\(${found.validation} images\\): loss .*${right(found.validation)} before, .*${right(found.validation)} after$`,
        'm',
      ),
    );
    const line = `^epoch 2/2: loss .*${right(found.training)}; validation: loss .*${right(found.validation)}$`;
    expect(told.stderr).toMatch(new RegExp(line, 'm'));
    expect(warnings.map(({ code }) => code)).toContain('images-skipped');
  });

  test('as a process: one object on stdout, a line an epoch on stderr', async () => {
    const output = join(newFolder(), 'tuned');
    const words = ['tune', place.model('resnet-dropout'), place.images, '-o', output, '--backend', 'wasm'];
    const { code, stdout, stderr } = await run([...words, '--epochs', '2', '--json']);
    expect(code).toBe(0);
    expect(tuneReportSchema.parse(JSON.parse(stdout))).toMatchObject({
      backend: 'wasm',
      output: { path: join(output, 'model.json') },
    });
    expect(stderr).toMatch(/^epoch 1\/2: .*\nepoch 2\/2: .*\n$/);
  });
});

/** Names of weights that are not the same in two models of the same layers. */
async function changedWeights(
  before: Awaited<ReturnType<typeof readModel>>,
  after: Awaited<ReturnType<typeof readModel>>,
): Promise<readonly string[]> {
  const [old, now] = [await allWeights(before), await allWeights(after)];
  expect([...now.keys()]).toEqual([...old.keys()]);
  return [...old].filter(([name, bytes]) => !bytes.equals(now.get(name)!)).map(([name]) => name);
}

async function allWeights(read: Awaited<ReturnType<typeof readModel>>): Promise<ReadonlyMap<string, Buffer>> {
  return read.withValues(async (values) => {
    const found = new Map<string, Buffer>();
    for (const { name, weights } of read.graph.layers) {
      for (const weight of weights) {
        const chunks: Uint8Array[] = [];
        for await (const chunk of values.chunks(weight.tensor)) chunks.push(Uint8Array.from(chunk));
        found.set(`${name}/${weight.name}`, Buffer.concat(chunks));
      }
    }
    return found;
  });
}
