import { beforeAll, expect, test } from 'vitest';
import { readModel, retrofit, writeModel } from '../../src/index.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { makeExamples, trainOnce } from '../support/tuning.js';
import { describeOracle, numbersOf, type Trained } from './oracle.js';

// A training step of ours and one of real Keras, from the same state, with the same images.

const folder = temporaryFolder();
const BATCH = 8;
const STEPS = 4;
const SIDE = 16;

let tensorflow: TensorFlow;

beforeAll(async () => {
  tensorflow = await startBackend('cpu');
});

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
];

/** What a ReLU gets may be within rounding of 0, and then its gradient is all or nothing: one of these seeds has none. */
const SEEDS = [1, 2, 3];

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'a training step of ours is one of Keras', (keras) => {
    const extension = kind === 'keras2' ? '.h5' : '.keras';

    async function train(name: string, train: 'modules' | 'all', seed: number) {
      const place = `${folder}/${kind}-${name}-${train}-${seed}`;
      await keras.make(name, place, [extension]);
      const before = `${place}/se${extension}`;
      await writeModel(retrofit(await readModel(`${place}/${name}${extension}`), { ratio: 4 }), before);
      const { pixels, labels } = makeExamples(BATCH * STEPS - 3, SIDE * SIDE * 3, 5, seed);
      const options = { batch: BATCH, learningRate: 1e-3, train };
      const ours = await trainOnce(tensorflow, await readModel(before), { pixels, labels }, options);
      await writeModel(ours.model, `${place}/ours${extension}`);
      const images = { shape: [labels.length, SIDE, SIDE, 3], base64: Buffer.from(pixels.buffer).toString('base64') };
      const loss = 'sparse_categorical_crossentropy';
      const theirs = await keras.trainSteps(before, `${place}/theirs${extension}`, {
        ...options,
        images,
        labels,
        loss,
      });
      const values = { before: await keras.values(before), ours: await keras.values(`${place}/ours${extension}`) };
      return { ours, theirs, values };
    }

    test.each(MODELS.flatMap((model) => (['modules', 'all'] as const).map((train) => ({ ...model, train }))))(
      '$name, $train',
      async ({ name, train: which, without }) => {
        const differences: object[] = [];
        for (const seed of SEEDS) {
          const { ours, theirs, values } = await train(name, which, seed);
          expect(ours.losses).toHaveLength(theirs.losses.length);
          expect(largestDifference(values.ours, values.before)).toBeGreaterThan(1e-3);
          const loss = Math.max(...ours.losses.map((value, index) => Math.abs(value - theirs.losses[index]!)));
          const weights = largestDifference(values.ours, theirs.values, without);
          if (loss < 1e-4 && weights < 1e-4) return;
          differences.push({ seed, loss, weights });
        }
        expect(differences).toEqual([]);
      },
    );
  });
}
