import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { errorReportSchema, readModel, retrofit, tuneReportSchema, writeModel } from '../../src/index.js';
import { bytesIn, copyFixture, expectFailure, makeFolders, namesIn, run, startRun } from '../support/cli.js';
import { modelFolder } from '../support/fixtures.js';
import { writePictures } from '../support/labelled-pictures.js';

const newFolder = makeFolders();
const CLASSES = ['a', 'b', 'c', 'd', 'e'];

/** Pictures of five classes, and models of five classes with modules, that nobody writes to. */
let shared: string;
const images = () => join(shared, 'images');
const model = (name: string) => join(shared, name);

beforeAll(async () => {
  shared = newFolder();
  await writePictures(images(), CLASSES, 10);
  await writePictures(join(shared, 'others'), CLASSES, 3);
  for (const name of ['resnet-dropout', 'quantized-uint8'])
    await writeModel(retrofit(await readModel(modelFolder(name)), { ratio: 2 }), model(name));
  const dropout = await readModel(model('resnet-dropout'));
  await writeModel(dropout, model('keras3.keras'));
  await writeModel(dropout, model('keras2.keras'), { dialect: 'keras2' });
  await writeModel(dropout, model('keras.h5'));
});

/** A quick run; the words behind these win. */
const tune = (name: string, output: string, ...words: readonly string[]) =>
  run(['tune', model(name), images(), '-o', output, '--backend', 'cpu', '--epochs', '2', '--batch', '16', ...words]);

describe('a run', () => {
  test('trains the modules alone, and says what came of it', async () => {
    const output = join(newFolder(), 'tuned');
    const { code, stdout, stderr } = await tune('resnet-dropout', output, '--json', '--learning-rate', '0.02');
    expect(code).toBe(0);
    const report = tuneReportSchema.parse(JSON.parse(stdout));
    expect(report).toMatchObject({
      command: 'tune',
      backend: 'cpu',
      classes: CLASSES,
      images: { training: 45, validation: 5, skipped: [] },
      loss: 'categorical',
      options: { epochs: 2, learningRate: 0.02, train: 'modules', validation: 0.1, preprocess: 'unit' },
    });
    expect(report.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(report.epochs[report.best - 1]).toMatchObject({
      validationLoss: report.after.loss,
      validationAccuracy: report.after.accuracy,
    });
    expect(stderr.match(/^epoch \d\/2: loss /gm)).toHaveLength(2);

    const [before, after] = [await readModel(model('resnet-dropout')), await readModel(output)];
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
    expect((await tune('resnet-dropout', output, '--train', 'all', '--quiet')).code).toBe(0);
    const before = await readModel(model('resnet-dropout'));
    const changed = await changedWeights(before, await readModel(output));
    const all = before.graph.layers.flatMap(({ name, weights }) => weights.map((weight) => `${name}/${weight.name}`));
    // Reduce kernels get no gradient before expand has moved, and biases in front of batch norms none at all.
    expect(all.filter((name) => !changed.includes(name) && !/bias|reduce/.test(name))).toEqual([]);
    expect(changed.filter((name) => /moving_/.test(name)).length).toBeGreaterThan(0);
  });

  test('prints two lines and the output off a terminal, a line an epoch on stderr, and nothing with --quiet', async () => {
    const folder = newFolder();
    const told = await tune('resnet-dropout', join(folder, 'one'));
    expect(told.stdout).toMatch(
      /^trained [\d,]+ parameters on 45 images of 5 classes; epoch \d of 2 is written\nvalidation \(5 images\): .* before, .* after\n\S+one\/model\.json {2}\(.*\)\n$/,
    );
    expect(told.stderr).not.toContain('\u001b');
    expect(await tune('resnet-dropout', join(folder, 'two'), '--quiet')).toMatchObject({
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
    const { code, stdout } = await tune(name, join(folder, output), '--json');
    expect(code).toBe(0);
    const report = tuneReportSchema.parse(JSON.parse(stdout));
    expect(report.output.format).toMatchObject(format);
    expect((await readModel(join(folder, output))).format).toMatchObject(format);
  });

  test('the same model in another format is trained to the same numbers', async () => {
    const folder = newFolder();
    const epochs = await Promise.all(
      ['resnet-dropout', 'keras3.keras', 'keras.h5'].map(async (name) => {
        const { stdout } = await tune(name, join(folder, `from-${name}`), '--json');
        return tuneReportSchema.parse(JSON.parse(stdout)).epochs;
      }),
    );
    expect(epochs[1]).toEqual(epochs[0]);
    expect(epochs[2]).toEqual(epochs[0]);
  });

  const native = inject('native');
  test.skipIf('reason' in native)('on a native backend to nearly the same numbers', async () => {
    const { folder: built } = native as { readonly folder: string };
    const words = [
      'tune',
      model('resnet-dropout'),
      images(),
      '--train',
      'all',
      '--batch',
      '16',
      '--json',
      '--epochs',
      '2',
    ];
    const [slow, fast] = await Promise.all(
      ['cpu', 'tfjs-node-gpu'].map(async (backend) => {
        const output = join(newFolder(), 'tuned');
        const env = { SE_RETROFIT_NATIVE: built };
        const { stdout } = await run([...words, '-o', output, '--backend', backend], { env });
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
      join(shared, 'others'),
      '--epochs',
      '30',
      '--patience',
      '2',
      '--learning-rate',
      '0.3',
    ];
    const { stdout } = await tune('resnet-dropout', output, ...words, '--json', '--best', 'accuracy');
    const report = tuneReportSchema.parse(JSON.parse(stdout));
    expect(report.images).toMatchObject({ training: 50, validation: 15 });
    expect(report.epochs.length).toBe(report.best + 2);
    expect(report.after.accuracy).toBe(Math.max(...report.epochs.map(({ validationAccuracy }) => validationAccuracy)));
  });

  test('writes a page with the curves, that loads nothing', async () => {
    const folder = newFolder();
    const page = join(folder, 'curves.html');
    expect((await tune('resnet-dropout', join(folder, 'tuned'), '--html', page)).code).toBe(0);
    const html = readFileSync(page, 'utf8');
    expect(html.match(/<svg[^>]*role="img"/g)).toHaveLength(2);
    expect(html).not.toMatch(/https?:|src=|href=|NaN|undefined/);
  });

  test('a picture that is none is named, left out and counted', async () => {
    const folder = newFolder();
    await writePictures(join(folder, 'images'), CLASSES, 6);
    writeFileSync(join(folder, 'images', 'b', 'broken.png'), 'no picture');
    const words = ['tune', model('resnet-dropout'), join(folder, 'images'), '-o', join(folder, 'tuned')];
    const { code, stdout, stderr } = await run([...words, '--backend', 'cpu', '--epochs', '2', '--json']);
    expect(code).toBe(0);
    expect(stderr.match(/broken\.png/g)).toHaveLength(1);
    const { images: found, warnings } = tuneReportSchema.parse(JSON.parse(stdout));
    expect(found.skipped.map(({ path }) => path)).toEqual([join(folder, 'images', 'b', 'broken.png')]);
    expect(warnings.map(({ code }) => code)).toContain('images-skipped');
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

/** Starts a run and kills it when it has left its first checkpoint. */
async function killAfterFirstEpoch(words: readonly string[], checkpoint: string): Promise<void> {
  const { child, result } = startRun(words);
  while (!existsSync(checkpoint) && child.exitCode === null) await setTimeout(5);
  child.kill('SIGKILL');
  expect((await result).code).toBeNull();
}

describe('checkpoints', () => {
  test('a run that was killed comes to the very bytes of one that was not', async () => {
    const folder = newFolder();
    const [killed, whole, checkpoints] = ['killed', 'whole', 'checkpoints'].map((name) => join(folder, name));
    const options = ['--backend', 'cpu', '--train', 'all', '--epochs', '4', '--batch', '7', '--flip', '--shift', '2'];
    const words = ['tune', model('resnet-dropout'), images(), ...options];
    await killAfterFirstEpoch(
      [...words, '-o', killed!, '--checkpoints', checkpoints!],
      join(checkpoints!, 'tune.checkpoint'),
    );
    expect(existsSync(killed!)).toBe(false);
    const resumed = await run([...words, '-o', killed!, '--checkpoints', checkpoints!, '--resume']);
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringMatching(/^goes on behind epoch [123] of 4\n/) });
    expect((await run([...words, '-o', whole!])).code).toBe(0);
    expect(bytesIn(killed!)).toEqual(bytesIn(whole!));
    expect(namesIn(checkpoints!)).toEqual(['tune.checkpoint']);

    // What is done is not done again.
    const again = await run([...words, '-o', join(folder, 'again'), '--checkpoints', checkpoints!, '--resume']);
    expect(again.stderr).not.toMatch(/^epoch/m);
    expect(bytesIn(join(folder, 'again'))).toEqual(bytesIn(whole!));
  });

  test('a loss that is no number ends the run; the checkpoint before it stays', async () => {
    const folder = newFolder();
    const [output, checkpoints] = [join(folder, 'tuned'), join(folder, 'checkpoints')];
    const words = ['tune', model('resnet-dropout'), images(), '-o', output, '--backend', 'cpu', '--epochs', '3'];
    const kept = ['--checkpoints', checkpoints, '--train', 'all'];
    await killAfterFirstEpoch([...words, ...kept], join(checkpoints, 'tune.checkpoint'));
    const before = bytesIn(checkpoints);
    const result = await run([...words, ...kept, '--resume', '--quiet', '--learning-rate', '1e30']);
    expectFailure(
      result,
      3,
      /the loss of the training is no number any more, in epoch [23], step \d/,
      '--learning-rate',
    );
    expect(existsSync(output)).toBe(false);
    expect(bytesIn(checkpoints)).toEqual(before);
  });

  test('those of other runs, and what is none, are refused', async () => {
    const folder = newFolder();
    const checkpoints = join(folder, 'checkpoints');
    const output = join(folder, 'tuned');
    expect((await tune('resnet-dropout', output, '--checkpoints', checkpoints, '--quiet')).code).toBe(0);
    const again = (name: string, ...words: readonly string[]) =>
      tune(name, join(folder, 'other'), '--checkpoints', checkpoints, '--quiet', ...words);
    expectFailure(await again('resnet-dropout'), 2, 'an earlier run left a checkpoint', '--resume');
    expectFailure(await again('resnet-dropout', '--resume', '--seed', '2'), 2, '--seed was 1 and is 2 now');
    expectFailure(
      await again('resnet-dropout', '--resume', '--validation', '0.2'),
      2,
      'images of the training are others',
    );
    expectFailure(await again('resnet-dropout', '--resume', '--epochs', '3'), 2, '--epochs was 2 and is 3 now');
    expectFailure(await again('resnet-dropout', '--resume', '--flip'), 2, '--flip was false and is true now');
    expectFailure(await again('quantized-uint8', '--resume'), 2, 'the model is another one');
    const path = join(checkpoints, 'tune.checkpoint');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    expectFailure(await again('resnet-dropout', '--resume'), 2, 'tune.checkpoint', 'damaged');
    writeFileSync(path, 'something else');
    expectFailure(await again('resnet-dropout', '--resume'), 2, 'tune.checkpoint', 'is none of tune');
    expect((await again('resnet-dropout', '--force')).code).toBe(0);
  });

  test('--resume without a place for checkpoints, or with them in the new model, is refused', async () => {
    const output = join(newFolder(), 'tuned');
    expectFailure(await tune('resnet-dropout', output, '--resume'), 2, '--checkpoints');
    expectFailure(
      await tune('resnet-dropout', output, '--checkpoints', join(output, 'c')),
      2,
      'folder of the new model',
    );
  });
});

describe('what cannot be trained', () => {
  test('no such folder, no images, no classes, one class', async () => {
    const folder = newFolder();
    const output = join(folder, 'tuned');
    const at = (place: string) => run(['tune', model('resnet-dropout'), place, '-o', output, '--backend', 'cpu']);
    expectFailure(await at(join(folder, 'nowhere')), 4, 'nowhere', 'no such folder');
    mkdirSync(join(folder, 'empty', 'a'), { recursive: true });
    expectFailure(await at(join(folder, 'empty')), 4, 'no images');
    await writePictures(join(folder, 'flat'), ['.'], 2);
    expectFailure(await at(join(folder, 'flat')), 4, 'no class folders');
    await writePictures(join(folder, 'single'), ['cat'], 4);
    expectFailure(await at(join(folder, 'single')), 4, 'all images are of one class, "cat"');
    await writePictures(join(folder, 'three'), ['a', 'b', 'c'], 4);
    expectFailure(await at(join(folder, 'three')), 2, '3 classes', '5 units', '--labels');
    rmSync(join(folder, 'three', 'a'), { recursive: true });
    mkdirSync(join(folder, 'three', 'a'));
    for (const name of ['b', 'c']) writeFileSync(join(folder, 'three', name, '000.png'), 'none');
    for (const name of ['b', 'c']) for (const index of [1, 2, 3]) rmSync(join(folder, 'three', name, `00${index}.png`));
    writeFileSync(join(folder, 'labels.txt'), 'a\nb\nc\nd\ne\n');
    const labelled = await run([
      ...['tune', model('resnet-dropout'), join(folder, 'three'), '-o', output],
      ...['--labels', join(folder, 'labels.txt'), '--validation', images(), '--backend', 'cpu', '--quiet'],
    ]);
    expectFailure(labelled, 4, 'not one of the images can be decoded');
    expect(existsSync(output)).toBe(false);
  });

  test.each([
    ['resnet-cifar', 4, 'no SE modules', 'se-retrofit add'],
    ['multi-io', 4, '2 inputs'],
    ['conv1d-residual', 4, 'input of 2 dimensions'],
    ['channels-first', 4, '16 channels'],
    ['unet', 4, 'the output of the model has the shape [32, 32, 1]'],
  ])('the model %s', async (name, code, ...words) => {
    const folder = newFolder();
    const path = copyFixture(name, folder);
    const result = await run(['tune', path, images(), '-o', join(folder, 'tuned'), '--backend', 'cpu']);
    expectFailure(result, code as number, ...(words as string[]));
  });

  test('other wishes that cannot be met', async () => {
    const folder = newFolder();
    const output = join(folder, 'tuned');
    const cases: readonly (readonly [readonly string[], string])[] = [
      [['--epochs', '0'], 'epochs'],
      [['--learning-rate', '-1'], 'learning-rate'],
      [['--learning-rate', 'fast'], 'fast'],
      [['--validation', '1.5'], 'validation'],
      [['--patience', '0'], 'patience'],
      [['--shift', 'x'], 'shift'],
      [['--train', 'some'], 'train'],
      [['--backend', 'abacus'], 'backend'],
      [['--to', 'keras-h5', '-o', join(folder, 'x.keras')], 'contradicts'],
      [['--html', model('resnet-dropout/model.json')], 'overwrite a file of the model'],
      [['--html', join(output, 'page.html')], 'folder of the new model'],
    ];
    for (const [words, word] of cases) expectFailure(await tune('resnet-dropout', output, ...words), 2, word);
    mkdirSync(output);
    expectFailure(await tune('resnet-dropout', output), 2, 'exists already');
    expectFailure(await tune('resnet-dropout', model('resnet-dropout'), '--force'), 2, 'folder of the input');
    await writePictures(join(folder, 'strange'), ['a', 'z'], 2);
    expectFailure(
      await tune('resnet-dropout', join(folder, 'other'), '--validation', join(folder, 'strange')),
      2,
      'the class "z" of the validation',
    );
  });

  test('is one JSON object with --json', async () => {
    const { stdout, code } = await tune('nothing-here', join(newFolder(), 'tuned'), '--json');
    expect(code).toBe(4);
    expect(errorReportSchema.parse(JSON.parse(stdout))).toMatchObject({ command: 'tune' });
  });
});
