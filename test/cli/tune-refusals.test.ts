import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { errorReportSchema, readModel, retrofit, writeModel } from '../../src/index.js';
import { copyFixture, expectFailure, makeFolders, namesIn, run } from '../support/cli.js';
import { runHere } from '../support/cli-here.js';
import { writePictures } from '../support/labelled-pictures.js';
import { buildModel, groupOf, layer, layerOf, layersOf, WEIGHT_FILE, writeBuilt } from '../support/model-builder.js';
import { makeTunePlace, type TunePlace } from './tune-place.js';

const newFolder = makeFolders();

let place: TunePlace;
beforeAll(async () => {
  place = await makeTunePlace();
});

describe('what cannot be trained', () => {
  test('no such folder, no images, no classes, one class', async () => {
    const folder = newFolder();
    const output = join(folder, 'tuned');
    const at = (images: string) =>
      runHere(['tune', place.model('resnet-dropout'), images, '-o', output, '--backend', 'cpu']);
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
    const labelled = await runHere([
      ...['tune', place.model('resnet-dropout'), join(folder, 'three'), '-o', output],
      ...['--labels', join(folder, 'labels.txt'), '--validation', place.images, '--backend', 'cpu', '--quiet'],
    ]);
    expectFailure(labelled, 4, 'not one of the images can be decoded');
    expect(existsSync(output)).toBe(false);
  });

  test.each([
    ['resnet-cifar', 4, 'no SE modules', '--ratio 16'],
    ['multi-io', 4, '2 inputs'],
    ['conv1d-residual', 4, 'input of 2 dimensions'],
    ['channels-first', 4, 'channels first'],
    ['unet', 4, 'the output of the model has the shape [32, 32, 1]'],
  ])('the model %s', async (name, code, ...words) => {
    const folder = newFolder();
    const path = copyFixture(name, folder);
    const result = await runHere(['tune', path, place.images, '-o', join(folder, 'tuned'), '--backend', 'cpu']);
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
      [['--validation', '10%'], '--validation 10% is no share'],
      [['--validation', join(place.folder, 'images')], 'are those to train with'],
      [['--checkpoints', place.model('resnet-dropout/model.json')], 'a file stands where the folder for checkpoints'],
      [['--patience', '0'], 'patience'],
      [['--shift', 'x'], 'shift'],
      [['--train', 'some'], 'train'],
      [['--backend', 'abacus'], 'backend'],
      [['--to', 'keras-h5', '-o', join(folder, 'x.keras')], 'contradicts'],
      [['--html', place.model('resnet-dropout/model.json')], 'the name says something else'],
      [['--html', join(output, 'page.html')], 'folder of the new model'],
    ];
    for (const [words, word] of cases) expectFailure(await place.tune('resnet-dropout', output, ...words), 2, word);
    mkdirSync(output);
    expectFailure(await place.tune('resnet-dropout', output), 2, 'exists already');
    expectFailure(
      await place.tune('resnet-dropout', place.model('resnet-dropout'), '--force'),
      2,
      'folder of the input',
    );
    await writePictures(join(folder, 'strange'), ['a', 'z'], 2);
    expectFailure(
      await place.tune('resnet-dropout', join(folder, 'other'), '--validation', join(folder, 'strange')),
      2,
      'the class "z" of the validation',
    );
  });

  // Root may write everywhere: the run is somebody else's then.
  const anyone = process.getuid?.() === 0 ? { uid: 65534 } : {};
  test('places that cannot be written, before anything is computed: 5', async () => {
    const folder = newFolder();
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o555);
    for (const path of [dirname(folder), folder, dirname(place.folder), place.folder]) chmodSync(path, 0o755);
    const cases: readonly (readonly [readonly string[], ...string[]])[] = [
      [['-o', join(closed, 'tuned')], 'closed/tuned', 'denied'],
      [['-o', join(closed, 'tuned.keras')], 'closed/tuned.keras', 'denied'],
      [['--html', join(folder, 'nowhere', 'page.html')], 'nowhere/page.html', 'no such', '--html'],
      [['--html', closed], 'closed', 'a folder', '--html'],
      [['--html', join(closed, 'page.html')], 'closed/page.html', 'denied', '--html'],
      [['--checkpoints', join(closed, 'kept')], 'closed/kept', 'denied'],
      [['--checkpoints', closed], 'closed', 'denied'],
    ];
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    const words = ['tune', place.model('resnet-dropout'), place.images, '--backend', 'cpu', '-o', join(open, 'tuned')];
    for (const [own, ...said] of cases) expectFailure(await run([...words, ...own], anyone), 5, ...said);
    expect(namesIn(folder)).toEqual(['closed/', 'open/']);
    chmodSync(closed, 0o755);
  });

  test('the page may lie in a folder that the output makes', async () => {
    const folder = newFolder();
    const words = ['--html', join(folder, 'new', 'page.html'), '--quiet'];
    expect((await place.tune('resnet-dropout', join(folder, 'new', 'tuned.keras'), ...words)).code).toBe(0);
    expect(namesIn(folder)).toEqual(['new/', 'new/page.html', 'new/tuned.keras']);
  });

  test('an image that the memory does not hold: 2, one line, what to do, and nothing is written', async () => {
    const folder = newFolder();
    const model = buildModel();
    const size = { size: [2400, 2400], data_format: 'channels_last', interpolation: 'nearest' };
    layersOf(model).splice(6, 0, layer('UpSampling2D', 'huge', size, ['rectified']));
    layerOf(model, 'pool').inbound_nodes = [[['huge', 0, 0, {}]]];
    const path = join(folder, 'huge-se');
    await writeModel(retrofit(await readModel(writeBuilt(join(folder, 'huge'), model))), path);
    await writePictures(join(folder, 'images'), ['a', 'b', 'c'], 16);
    // 6 GB an image: more than wasm can address.
    const words = ['tune', path, join(folder, 'images'), '--validation', '0.05', '-o', join(folder, 'tuned')];
    const result = await run([...words, '--backend', 'wasm', '--batch', '64', '--checkpoints', join(folder, 'kept')]);
    expectFailure(result, 2, 'the memory is full', 'one image alone needs more', 'native backend');
    expect(namesIn(folder).filter((name) => /^(tuned|kept)/.test(name))).toEqual([]);
  });

  test('is one JSON object with --json', async () => {
    const { stdout, code } = await place.tune('nothing-here', join(newFolder(), 'tuned'), '--json');
    expect(code).toBe(4);
    expect(errorReportSchema.parse(JSON.parse(stdout))).toMatchObject({ command: 'tune' });
  });
});

describe('--ratio where no module goes', () => {
  const tuneAlone = (model: string, ...words: readonly string[]) =>
    runHere(['tune', model, place.images, '-o', join(newFolder(), 'out'), '--backend', 'cpu', ...words]);
  const at = (model: string, ...words: readonly string[]) => tuneAlone(model, '--ratio', '4', ...words);

  test('says what can be done instead, with flags that tune has', async () => {
    const there = await at(place.model('resnet-dropout'));
    expectFailure(there, 2, 'holds a module already', 'leave --ratio out: the modules that are there are trained');
    const dense = buildModel();
    const [image, pool, classes] = ['image', 'pool', 'classes'].map((name) => layerOf(dense, name));
    pool!.inbound_nodes = [[['image', 0, 0, {}]]];
    layersOf(dense).splice(0, Number.POSITIVE_INFINITY, image!, pool!, classes!);
    const weights = groupOf(dense)
      .weights.slice(-2)
      .map((each) => ({ ...each, shape: each.shape.map(() => 3) }));
    groupOf(dense).weights = weights;
    dense.files = new Map([[WEIGHT_FILE, dense.files.get(WEIGHT_FILE)!.subarray(0, 4 * (9 + 3))]]);
    const path = writeBuilt(join(newFolder(), 'dense'), dense);
    expectFailure(await at(path), 4, 'no block was found', 'leave --ratio out, and train something else: --train head');
  });

  test('a missing head is told of the model as it is, without modules', async () => {
    const path = copyFixture('vgg-notop', newFolder());
    const [plain, withRatio] = [await at(path, '--head', 'new'), await tuneAlone(path, '--head', 'new')];
    expectFailure(plain, 4, 'no layer that makes the logits was found');
    expect(plain.stderr).toBe(withRatio.stderr);
  });
});
