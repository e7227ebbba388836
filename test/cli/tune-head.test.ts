import { statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { exciteReportSchema, readModel, tuneReportSchema } from '../../src/index.js';
import { countLayers } from '../../src/model/model.js';
import { bytesIn, expectFailure, makeFolders } from '../support/cli.js';
import { runHere } from '../support/cli-here.js';
import { modelFolder } from '../support/fixtures.js';
import { writePictures } from '../support/labelled-pictures.js';
import { makeTunePlace, type TunePlace } from './tune-place.js';

const newFolder = makeFolders();
const native = inject('native');
const OWN = ['otter', 'puma', 'quail'];

let place: TunePlace;
let images: string;
/** Not those, and so many that chance tells no more than half of them right. */
let others: string;
beforeAll(async () => {
  place = await makeTunePlace();
  [images, others] = [join(newFolder(), 'own'), join(newFolder(), 'others')];
  await writePictures(images, OWN, 12);
  await writePictures(others, OWN, 30);
});

const tune = (model: string, output: string, ...words: readonly string[]) =>
  runHere([
    ...['tune', place.model(model), images, '-o', output, '--head', 'new', '--backend', 'wasm'],
    ...['--epochs', '4', ...words],
  ]);

const report = async (...of: Parameters<typeof tune>) => {
  const { stdout } = await tune(...of, '--json');
  return tuneReportSchema.parse(JSON.parse(stdout));
};

describe('tune --head new', () => {
  test('trains modules and a head for the folders, which later commands know', async () => {
    const [output, again] = [join(newFolder(), 'own'), join(newFolder(), 'other')];
    const first = await report('resnet-dropout', output, '--validation', others);
    expect(first).toMatchObject({ head: 'new', before: null, classes: OWN, options: { train: 'modules,head' } });
    // The old head's weights are gone from the file that held them.
    expect(first.output.changed).toEqual(['group1-shard2of2.bin', 'se_modules.bin', 'se_head.bin']);
    const sizes = first.output.changed.map((name) => statSync(join(output, name)).size);
    expect(first.output.changedBytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
    expect(first.trained.parameters).toBeLessThan(first.trained.of);
    expect(first.after.accuracy).toBeGreaterThan(0.75);
    expect(first.fitted!.accuracy).toBeGreaterThan(0.75);
    expect(first.after.loss).toBeLessThan(first.fitted!.loss);
    expect((await readModel(output)).record?.classes).toEqual(OWN);
    // Another run shares all files but these, byte for byte.
    expect((await tune('resnet-dropout', again, '--seed', '5')).code).toBe(0);
    const [one, other] = [bytesIn(output), bytesIn(again)];
    expect([...one.keys()].sort()).toEqual([...other.keys()].sort());
    const differing = [...one].filter(([name, bytes]) => other.get(name) !== bytes).map(([name]) => name);
    expect(differing.sort()).toEqual(['se_head.bin', 'se_modules.bin']);
    // The folder of one class is missing: which output is which is known all the same.
    const two = join(newFolder(), 'two');
    await writePictures(two, OWN.slice(1), 4);
    const next = await runHere([
      ...['tune', output, two, '-o', join(newFolder(), 'next'), '--train', 'head', '--epochs', '1'],
      ...['--backend', 'wasm', '--json'],
    ]);
    const kept = tuneReportSchema.parse(JSON.parse(next.stdout));
    expect(kept).toMatchObject({ head: 'kept', classes: OWN, output: { changed: ['se_head.bin'] } });
    const excited = await runHere([
      ...['excite', output, two, '-o', join(newFolder(), 'gates'), '--backend', 'wasm', '--json', '--quiet'],
    ]);
    expect(excited.code).toBe(0);
    // A class that it does not have.
    await writePictures(two, ['raven'], 4);
    expectFailure(
      await runHere(['tune', output, two, '-o', join(newFolder(), 'x'), '--backend', 'wasm']),
      2,
      'raven',
      '--head new',
    );
    const looked = await runHere([
      ...['excite', output, two, '-o', join(newFolder(), 'gates'), '--backend', 'wasm', '--json', '--quiet'],
    ]);
    expect(exciteReportSchema.parse(JSON.parse(looked.stdout)).warnings).toContainEqual(
      expect.objectContaining({
        code: 'other-classes',
        message: expect.stringMatching(/^"raven": .*\("otter", "puma"/),
      }),
    );
    const verified = await runHere(['verify', place.model('resnet-dropout'), output, '--backend', 'wasm']);
    expectFailure(verified, 4, 'cannot be compared', 'has a new last layer (tune --head new)');
  });

  test('tells of a class without an image to judge it by, and of modules that do nothing yet', async () => {
    const few = join(newFolder(), 'few');
    await writePictures(few, OWN.slice(1), 4);
    await writePictures(few, ['a, b'], 1);
    // So high that not one epoch is better than the new head alone.
    const { stdout } = await runHere([
      ...['tune', modelFolder('resnet-dropout'), few, '-o', join(newFolder(), 'own'), '--head', 'new', '--ratio', '2'],
      ...['--learning-rate', '100', '--epochs', '2', '--backend', 'wasm', '--json'],
    ]);
    const { best, warnings } = tuneReportSchema.parse(JSON.parse(stdout));
    const messages = new Map(warnings.map(({ code, message }) => [code, message]));
    expect(best).toBe(0);
    expect(messages.get('class-not-validated')).toContain('validate "a, b" with: how well it is told');
    expect(messages.get('worse-than-before')).toContain('(its modules change nothing yet)');
  });

  test.skipIf('reason' in native)('on a native backend', async () => {
    const before = process.env.SE_RETROFIT_NATIVE;
    process.env.SE_RETROFIT_NATIVE = (native as { readonly folder: string }).folder;
    const words = ['--validation', others, '--backend', 'tfjs-node-gpu'];
    const { backend, after } = await report('resnet-dropout', join(newFolder(), 'own'), ...words).finally(() => {
      process.env.SE_RETROFIT_NATIVE = before;
    });
    expect(backend).toBe('tfjs-node-gpu');
    expect(after.accuracy).toBeGreaterThan(0.75);
  });

  test('in a Keras file, and a head alone', async () => {
    const output = join(newFolder(), 'own.keras');
    expect(await report('keras3.keras', output, '--train', 'head')).toMatchObject({
      head: 'new',
      options: { train: 'head' },
      output: { changed: ['own.keras'] },
    });
    expect((await readModel(output)).record?.classes).toEqual(OWN);
  });

  test('puts modules in first, and comes to the bytes that add and tune come to', async () => {
    const [once, twice] = [join(newFolder(), 'own'), join(newFolder(), 'own')];
    const words = ['--head', 'new', '--backend', 'wasm', '--epochs', '2', '--json'];
    const { stdout } = await runHere([
      ...['tune', modelFolder('resnet-dropout'), images, '-o', once, '--ratio', '2', ...words],
    ]);
    const { output, input, options } = tuneReportSchema.parse(JSON.parse(stdout));
    // Norms of the first shard are doubled.
    const shards = ['group1-shard1of2.bin', 'group1-shard2of2.bin'];
    expect(output.changed).toEqual([...shards, 'se_modules.bin', 'se_head.bin']);
    expect(input.layers).toBeLessThan(countLayers((await readModel(once)).graph));
    expect(options).toMatchObject({ ratio: 2, train: 'modules,head' });
    await runHere(['tune', place.model('resnet-dropout'), images, '-o', twice, ...words]);
    expect(bytesIn(once)).toEqual(bytesIn(twice));
  });

  test('puts no modules in where they are, or are not trained', async () => {
    const output = join(newFolder(), 'x');
    expectFailure(await tune('resnet-dropout', output, '--ratio', '4'), 2, 'holds a module already');
    expectFailure(await tune('resnet-dropout', output, '--ratio', '0'), 2, 'ratio');
    const untrained = await tune('resnet-dropout', output, '--ratio', '4', '--train', 'head,norms');
    expectFailure(untrained, 2, '--train modules,head,norms');
  });

  test('says so where the folders are not the classes of the model', async () => {
    const result = await runHere([
      ...['tune', place.model('resnet-dropout'), images, '-o', join(newFolder(), 'x'), '--backend', 'wasm'],
    ]);
    expectFailure(result, 2, '3 classes', '5 units', '--head new');
  });

  test('from five images a class', async () => {
    const few = join(newFolder(), 'few');
    await writePictures(few, OWN, 5);
    const tuneFew = async (...words: readonly string[]) => {
      const output = join(newFolder(), 'own.h5');
      const { stdout } = await runHere([
        ...[
          'tune',
          place.model('keras.h5'),
          few,
          '-o',
          output,
          '--head',
          'new',
          '--backend',
          'wasm',
          '--json',
          ...words,
        ],
      ]);
      return tuneReportSchema.parse(JSON.parse(stdout));
    };
    // Of each class one to judge by.
    expect((await tuneFew('--epochs', '1')).images).toMatchObject({ training: 12, validation: 3 });
    const { options, after } = await tuneFew('--validation', others);
    expect(options).toMatchObject({ epochs: 60, learningRate: 1e-3, patience: 10 });
    expect(after.accuracy).toBeGreaterThan(0.55);
  });

  test('wishes that cannot be met', async () => {
    const output = join(newFolder(), 'x');
    expectFailure(await tune('resnet-dropout', output, '--train', 'all,head'), 2, 'all');
    expectFailure(await tune('resnet-dropout', output, '--train', 'tail'), 2, 'tail');
    expectFailure(await tune('resnet-dropout', output, '--head', 'none'), 2, 'head');
    const single = join(newFolder(), 'single');
    await writePictures(single, ['cat'], 4);
    const alone = await runHere(['tune', place.model('resnet-dropout'), single, '-o', output, '--head', 'new']);
    expectFailure(alone, 4, 'all images are of one class, "cat"');
  });

  test('resumes, and not with other classes', async () => {
    const [checkpoints, output] = [join(newFolder(), 'states'), join(newFolder(), 'x')];
    const words = ['--checkpoints', checkpoints, '--epochs', '2'];
    const first = await report('resnet-dropout', output, ...words);
    const again = await report('resnet-dropout', `${output}2`, ...words, '--resume');
    expect(again.epochs).toEqual(first.epochs);
    const kept = await tune('resnet-dropout', `${output}3`, ...words, '--resume', '--train', 'head');
    expectFailure(kept, 2, '--train was modules,head');
  });

  test('resumes with the ratio of the modules that were put in, and with no other', async () => {
    const [checkpoints, output] = [join(newFolder(), 'states'), join(newFolder(), 'x')];
    const start = (name: string, ...words: readonly string[]) =>
      runHere([
        ...['tune', modelFolder('resnet-dropout'), images, '-o', `${output}${name}`, '--head', 'new', '--epochs', '1'],
        ...['--backend', 'wasm', '--checkpoints', checkpoints, '--train', 'all', ...words],
      ]);
    expect((await start('1', '--ratio', '16')).code).toBe(0);
    // Of as many units: at least two.
    expectFailure(await start('2', '--resume', '--ratio', '32'), 2, '--ratio was 16 and is 32 now');
    expectFailure(await start('2', '--resume'), 2, '--ratio was 16 and is not given now');
    expect((await start('2', '--resume', '--ratio', '16')).code).toBe(0);
    expect(bytesIn(`${output}2`)).toEqual(bytesIn(`${output}1`));
  });
});
