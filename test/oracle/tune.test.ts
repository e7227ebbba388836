import { beforeAll, expect, test } from 'vitest';
import { imageBatches } from '../../src/images/image-batches.js';
import { readImageFolder } from '../../src/images/read-image-folder.js';
import { readModel, replaceHead, retrofit, tuneReportSchema, writeModel } from '../../src/index.js';
import { type Layer, listGraphs } from '../../src/model/model.js';
import { findHead } from '../../src/plan/find-head.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import type { TrainPart } from '../../src/tune/tune-options.js';
import { runHere } from '../support/cli-here.js';
import { readFixture } from '../support/fixtures.js';
import { isAll } from '../support/is-all.js';
import { writePictures } from '../support/labelled-pictures.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { makeExamples, trainOnce } from '../support/tuning.js';
import { isTurnOf, SEED } from '../support/turns.js';
import { describeOracle, numbersOf, type Trained, tensorOf } from './oracle.js';

// A training step of ours and one of real Keras, from the same state, with the same images.

const folder = temporaryFolder();
const BATCH = 8;
const STEPS = 4;
const SIDE = 16;
const CLASSES = ['a', 'b', 'c', 'd', 'e'];

let tensorflow: TensorFlow;

beforeAll(async () => {
  tensorflow = await startBackend('cpu');
});

const includes = (parts: readonly TrainPart[], part: TrainPart): boolean => parts.includes(part);

/** The largest difference between weights of one name. */
function largestDifference(left: Trained['values'], right: Trained['values'], without?: string): number {
  expect(Object.keys(left).sort()).toEqual(Object.keys(right).sort());
  const names = Object.keys(left).filter((name) => name !== without);
  return Math.max(
    ...names.flatMap((name) => {
      const other = numbersOf(right[name]!);
      return [...numbersOf(left[name]!)].map((value, index) => Math.abs(value - other[index]!));
    }),
  );
}

interface Case {
  readonly name: string;
  /** How many classes the images are of. */
  readonly classes?: number;
  /** Whether the model says itself what its loss is. */
  readonly isCompiled?: true;
  /** Keras 2 adds the regularisers of frozen weights to the loss as well, which is always the same number. */
  readonly isRegularised?: true;
  /** What Keras 3 does otherwise: its fit overrides `training=False` (keras-team/keras issue 20285). */
  readonly onlyKeras2?: 'all';
  /** A bias in front of a batch norm: its gradient is nothing but rounding, of which Adam makes steps. */
  readonly without?: string;
}

const MODELS: readonly Case[] = [
  { name: 'residual_shortcut_first' },
  { name: 'residual_v2' },
  { name: 'mobilenet_v1' },
  { name: 'mobilenet_v2' },
  { name: 'inception' },
  { name: 'dense_block' },
  { name: 'vgg' },
  { name: 'nested_functional' },
  { name: 'nested_frozen' },
  { name: 'root_frozen' },
  { name: 'shared_layers', without: 'shared/bias' },
  { name: 'transfer', isCompiled: true, isRegularised: true, onlyKeras2: 'all' },
  { name: 'two_classes', classes: 2, isCompiled: true },
];

const FIRST: readonly string[] = ['residual_shortcut_first', 'inception', 'nested_frozen', 'transfer', 'two_classes'];

const TRAINS = ['modules', 'all'] as const;

/** By default some models, each in one Keras and in one way; another seed takes the others. */
const casesOf = (kind: 'keras2' | 'keras3') =>
  MODELS.filter(({ name }) => isAll || FIRST.includes(name))
    .filter((_, index) => isTurnOf(kind, index))
    .flatMap((model, index) =>
      TRAINS.filter((train, at) => {
        if (kind === 'keras3' && model.onlyKeras2 === train) return false;
        return isAll || (index + at + SEED) % 3 === 0;
      }).map((train) => ({ ...model, train })),
    );

/** What a ReLU gets may be within rounding of 0, and then its gradient is all or nothing: one of these seeds has none. */
const SEEDS = [1, 2, 3];

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'a training step of ours is one of Keras', (keras) => {
    const extension = kind === 'keras2' ? '.h5' : '.keras';

    async function train({ name, train, classes = 5, isCompiled }: ReturnType<typeof casesOf>[number], seed: number) {
      const place = `${folder}/${kind}-${name}-${train}-${seed}`;
      await keras.make(name, place, [extension]);
      const before = `${place}/se${extension}`;
      await writeModel(retrofit(await readModel(`${place}/${name}${extension}`), { ratio: 4 }), before);
      const { pixels, labels } = makeExamples(BATCH * STEPS - 3, SIDE * SIDE * 3, classes, seed);
      const options = { batch: BATCH, learningRate: 1e-3, train };
      const ours = await trainOnce(tensorflow, await readModel(before), { pixels, labels }, options);
      await writeModel(ours.model, `${place}/ours${extension}`);
      const images = { shape: [labels.length, SIDE, SIDE, 3], base64: Buffer.from(pixels.buffer).toString('base64') };
      const loss = isCompiled ? undefined : 'sparse_categorical_crossentropy';
      const theirs = await keras.trainSteps(before, `${place}/theirs${extension}`, {
        ...options,
        images,
        labels,
        loss,
      });
      const values = { before: await keras.values(before), ours: await keras.values(`${place}/ours${extension}`) };
      return { ours, theirs, values };
    }

    test.each(casesOf(kind))('$name, $train', async (one) => {
      const differences: object[] = [];
      for (const seed of SEEDS) {
        const { ours, theirs, values } = await train(one, seed);
        expect(ours.losses).toHaveLength(theirs.losses.length);
        expect(largestDifference(values.ours, values.before)).toBeGreaterThan(1e-3);
        const isMore = kind === 'keras2' && one.train === 'modules' && one.isRegularised === true;
        const more = isMore ? theirs.losses[0]! - ours.losses[0]! : 0;
        const loss = Math.max(...ours.losses.map((value, index) => Math.abs(value + more - theirs.losses[index]!)));
        const weights = largestDifference(values.ours, theirs.values, one.without);
        if (loss < 1e-4 && weights < 1e-4) return;
        differences.push({ seed, loss, weights });
      }
      expect(differences).toEqual([]);
    });
  });

  // The rest computes as in inference: its batch norms keep their statistics, which no flag of Keras has without that.
  describeOracle(kind, 'a step of the head, of norms, and of several parts', (keras) => {
    const CASES = [
      { name: 'mobilenet_v1', train: ['head'] },
      { name: 'residual_shortcut_first', train: ['norms'] },
      { name: 'nested_functional', train: ['modules', 'head', 'norms'] },
    ] as const;
    test.each(CASES.filter((_, index) => isTurnOf(kind, index, 3)))('$name, $train', async ({ name, train }) => {
      const extension = kind === 'keras2' ? '.h5' : '.keras';
      const place = `${folder}/${kind}-${name}-parts`;
      await keras.make(name, place, [extension]);
      const [before, after] = [`${place}/own${extension}`, `${place}/ours${extension}`];
      const plain = replaceHead(await readModel(`${place}/${name}${extension}`), [...CLASSES, 'f', 'g']);
      await writeModel(retrofit(plain, { ratio: 4 }), before);
      const model = await readModel(before);
      const isTrained = ({ name: own, className }: Layer): boolean =>
        (includes(train, 'modules') && own.startsWith('se_')) ||
        (includes(train, 'head') && own === findHead(model).logits.layer.name) ||
        (includes(train, 'norms') && className === 'BatchNormalization');
      const layers = [...listGraphs(model.graph)].flatMap(({ graph }) => graph.layers.filter(isTrained));
      const { pixels, labels } = makeExamples(BATCH * STEPS - 3, SIDE * SIDE * 3, CLASSES.length + 2, 1);
      const options = { batch: BATCH, learningRate: 1e-3 };
      const ours = await trainOnce(tensorflow, model, { pixels, labels }, { ...options, train });
      await writeModel(ours.model, after);
      const theirs = await keras.trainSteps(before, `${place}/theirs${extension}`, {
        ...options,
        train: 'still',
        layers: layers.map((layer) => layer.name),
        images: tensorOf([labels.length, SIDE, SIDE, 3], pixels),
        labels,
        loss: 'sparse_categorical_crossentropy',
      });
      const values = { before: await keras.values(before), ours: await keras.values(after) };
      expect(largestDifference(values.ours, values.before)).toBeGreaterThan(1e-3);
      expect(largestDifference(values.ours, theirs.values)).toBeLessThan(1e-4);
      ours.losses.forEach((loss, step) => {
        expect(loss).toBeCloseTo(theirs.losses[step]!, 4);
      });
    });
  });

  describeOracle(kind, 'what tune wrote is loaded, and as good as tune says', (keras) => {
    test.each(['tuned.keras', 'tuned.h5'].filter((_, index) => isTurnOf(kind, index)))('%s', async (name) => {
      const place = `${folder}/${kind}-accuracy-${name}`;
      const before = `${place}/before${name.slice(name.lastIndexOf('.'))}`;
      await writeModel(retrofit(await readFixture('resnet-dropout'), { ratio: 4 }), before, { dialect: kind });
      await writePictures(`${place}/images`, CLASSES, 6);
      await writePictures(`${place}/others`, CLASSES, 5);
      const { code, stdout } = await runHere([
        ...['tune', before, `${place}/images`, '--validation', `${place}/others`, '-o', `${place}/${name}`, '--json'],
        ...['--backend', 'wasm', '--train', 'all', '--epochs', '3', '--learning-rate', '0.01'],
      ]);
      expect(code).toBe(0);
      const { after, output } = tuneReportSchema.parse(JSON.parse(stdout));
      expect(output.format.dialect).toBe(kind);

      const { images } = await readImageFolder(`${place}/others`);
      const options = { size: { height: SIDE, width: SIDE, channels: 3 }, batch: 25, preprocess: 'unit' } as const;
      for await (const { pixels } of imageBatches(images, { ...options, onSkipped: () => expect.fail() })) {
        const inputs = [{ shape: [25, SIDE, SIDE, 3], base64: Buffer.from(pixels.buffer).toString('base64') }];
        const shares = numbersOf((await keras.outputs(`${place}/${name}`, { inputs })).outputs[0]!);
        const rows = images.map((_, index) => [...shares.subarray(5 * index, 5 * index + 5)]);
        const right = rows.filter((row, index) => row.indexOf(Math.max(...row)) === images[index]!.label);
        expect(right.length / images.length).toBe(after.accuracy);
        const losses = rows.map((row, index) => -Math.log(row[images[index]!.label!]!));
        expect(losses.reduce((sum, loss) => sum + loss, 0) / images.length).toBeCloseTo(after.loss, 4);
      }
    });
  });
}
