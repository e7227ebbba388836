import { beforeAll, describe, expect, test } from 'vitest';
import { fromPlain, type Plain } from '../../src/json/json-value.js';
import { startBackend } from '../../src/runtime/start-backend.js';
import type { TensorFlow } from '../../src/runtime/tensorflow.js';
import { checkClasses, chooseLoss, countCorrect, type Loss, meanLoss } from '../../src/tune/loss.js';
import { readFixture } from '../support/fixtures.js';

let tensorflow: TensorFlow;
let model: Awaited<ReturnType<typeof readFixture>>;

beforeAll(async () => {
  tensorflow = await startBackend('cpu');
  model = await readFixture('resnet-cifar');
});

const compiled = (loss: Plain | undefined) => ({
  ...model,
  trainingConfig: loss === undefined ? undefined : fromPlain({ loss, metrics: [] }),
});

const config = (className: string, settings: Plain) => ({ class_name: className, config: settings });

describe('the loss that fits', () => {
  test.each([
    [undefined, 5, 'softmax', { kind: 'categorical', output: 'probabilities' }],
    [undefined, 5, 'linear', { kind: 'categorical', output: 'logits' }],
    [undefined, 5, 'sigmoid', { kind: 'binary', output: 'probabilities' }],
    [undefined, 1, 'sigmoid', { kind: 'binary', output: 'probabilities' }],
    [undefined, 1, 'linear', { kind: 'binary', output: 'logits' }],
    ['categorical_crossentropy', 5, 'linear', { kind: 'categorical', output: 'logits' }],
    ['sparse_categorical_crossentropy', 5, 'softmax', { kind: 'categorical', output: 'probabilities' }],
    ['categoricalCrossentropy', 5, 'sigmoid', { kind: 'categorical', output: 'probabilities' }],
    ['binary_crossentropy', 5, 'softmax', { kind: 'binary', output: 'probabilities' }],
    [['binary_crossentropy'], 1, 'sigmoid', { kind: 'binary', output: 'probabilities' }],
    [{ predictions: 'binary_crossentropy' }, 1, 'sigmoid', { kind: 'binary', output: 'probabilities' }],
    [config('CategoricalCrossentropy', { from_logits: true }), 5, 'softmax', { output: 'logits' }],
    [config('CategoricalCrossentropy', { from_logits: false }), 5, 'linear', { output: 'probabilities' }],
    [
      config('SparseCategoricalCrossentropy', { from_logits: true }),
      5,
      'linear',
      { kind: 'categorical', output: 'logits' },
    ],
    [config('CategoricalCrossentropy', { label_smoothing: 0.1 }), 5, 'softmax', { labelSmoothing: 0.1 }],
    ['mean_squared_error', 5, 'softmax', { kind: 'categorical', insteadOf: 'mean_squared_error' }],
    [config('Huber', {}), 5, 'softmax', { kind: 'categorical', insteadOf: 'Huber' }],
  ] as const)('compiled with %j, %i units, %s', (loss, units, activation, expected) => {
    const found = chooseLoss(compiled(loss), [[null, units]], activation);
    expect(found).toMatchObject({ labelSmoothing: 0, ...expected, units });
  });

  test.each([
    [
      [
        [null, 5],
        [null, 2],
      ],
      'several-outputs',
    ],
    [[[null, 8, 8, 3]], 'not-a-classifier'],
    [[[null, null]], 'not-a-classifier'],
  ])('outputs of the shapes %j are refused', (shapes, code) => {
    expect(() => chooseLoss(compiled(undefined), shapes as (number | null)[][], 'softmax')).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test('a softmax of one unit is always 1: a new head is the way out', () => {
    const refused = expect.objectContaining({
      code: 'not-a-classifier',
      message: expect.stringContaining('tells no classes apart'),
      hint: expect.stringContaining('--head new'),
    });
    expect(() => chooseLoss(compiled(undefined), [[null, 1]], 'softmax')).toThrow(refused);
    expect(() => chooseLoss(compiled('categorical_crossentropy'), [[null, 1]], 'sigmoid')).toThrow(refused);
  });
});

const LOSS: Loss = { kind: 'categorical', output: 'logits', labelSmoothing: 0, units: 3, insteadOf: undefined };
const LOGITS = [2, -1, 0.5, 0.25, 3, -2];
const LABELS = [0, 2];

const lossOf = (loss: Loss, values: readonly number[], labels: readonly number[] = LABELS): number => {
  const { tf } = tensorflow;
  return tf.tidy(
    () => meanLoss(tf, loss, tf.tensor2d([...values], [labels.length, loss.units]), labels).dataSync()[0]!,
  );
};

const softmax = (values: readonly number[]) => {
  const powers = values.map(Math.exp);
  return powers.map((power) => power / powers.reduce((sum, other) => sum + other, 0));
};
const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
const SHARES = [...softmax(LOGITS.slice(0, 3)), ...softmax(LOGITS.slice(3))];

describe('the mean loss', () => {
  test('of logits and of probabilities, by hand', () => {
    const expected = -(Math.log(SHARES[0]!) + Math.log(SHARES[5]!)) / 2;
    expect(lossOf(LOSS, LOGITS)).toBeCloseTo(expected, 5);
    expect(lossOf({ ...LOSS, output: 'probabilities' }, SHARES)).toBeCloseTo(expected, 5);
    // What does not add up to 1 is scaled, as Keras has it.
    const tripled = SHARES.map((share) => 3 * share);
    expect(lossOf({ ...LOSS, output: 'probabilities' }, tripled)).toBeCloseTo(expected, 5);
  });

  test('of softened labels', () => {
    const of = (row: number, label: number) =>
      [0, 1, 2].reduce(
        (sum, at) =>
          sum -
          (at === label ? 0.8 : 0) * Math.log(SHARES[3 * row + at]!) -
          (0.2 / 3) * Math.log(SHARES[3 * row + at]!),
        0,
      );
    expect(lossOf({ ...LOSS, labelSmoothing: 0.2 }, LOGITS)).toBeCloseTo((of(0, 0) + of(1, 2)) / 2, 5);
  });

  test('of one sigmoid, and of several', () => {
    const one: Loss = { ...LOSS, kind: 'binary', units: 1 };
    const expected = -(Math.log(1 - sigmoid(2)) + Math.log(sigmoid(-1))) / 2;
    expect(lossOf(one, [2, -1], [0, 1])).toBeCloseTo(expected, 5);
    expect(lossOf({ ...one, output: 'probabilities' }, [sigmoid(2), sigmoid(-1)], [0, 1])).toBeCloseTo(expected, 5);
    const each = LOGITS.map((logit, at) => -Math.log(at === 0 || at === 5 ? sigmoid(logit) : 1 - sigmoid(logit)));
    const mean = each.reduce((sum, value) => sum + value, 0) / 6;
    expect(lossOf({ ...LOSS, kind: 'binary' }, LOGITS)).toBeCloseTo(mean, 5);
  });

  test('stays a number, and has a gradient, where a probability would be 0', () => {
    const { tf } = tensorflow;
    expect(lossOf(LOSS, [0, 300, 0], [0])).toBeCloseTo(300, 3);
    expect(lossOf({ ...LOSS, kind: 'binary', units: 1 }, [-300], [1])).toBeCloseTo(300, 3);
    const gradient = tf.grad((logits) => meanLoss(tf, LOSS, logits as ReturnType<typeof tf.tensor2d>, [0]));
    expect([...gradient(tf.tensor2d([[0, 300, 0]])).dataSync()]).toEqual([-1, 1, 0]);
    // At 0 a ReLU has no gradient: a head of zeros must have one all the same.
    const binary: Loss = { ...LOSS, kind: 'binary', units: 1 };
    const atZero = tf.grad((logits) => meanLoss(tf, binary, logits as ReturnType<typeof tf.tensor2d>, [1]));
    expect([...atZero(tf.tensor2d([[0]])).dataSync()]).toEqual([-0.5]);
  });
});

test('images that are told right are counted', () => {
  const { tf } = tensorflow;
  expect(countCorrect(tf, LOSS, tf.tensor2d(LOGITS, [2, 3]), [0, 1])).toBe(2);
  expect(countCorrect(tf, LOSS, tf.tensor2d(LOGITS, [2, 3]), [0, 2])).toBe(1);
  const one: Loss = { ...LOSS, kind: 'binary', units: 1 };
  expect(countCorrect(tf, one, tf.tensor2d([0.25, 0.75], [2, 1]), [1, 1])).toBe(2);
  expect(countCorrect(tf, { ...one, output: 'probabilities' }, tf.tensor2d([0.25, 0.75], [2, 1]), [0, 1])).toBe(2);
});

test('classes have to be those of the output', () => {
  const check = (units: number, classes: readonly string[], labels: readonly number[]) => () =>
    checkClasses({ ...LOSS, units }, classes, new Set(labels), 'folder');
  expect(check(3, ['a', 'b', 'c'], [0, 2])).not.toThrow();
  expect(check(1, ['a', 'b'], [0, 1])).not.toThrow();
  expect(check(2, ['a', 'b', 'c'], [0, 1])).toThrow('the images are of 3 classes');
  expect(check(1, ['a', 'b', 'c'], [0, 1])).toThrow('one unit, for two classes');
  expect(check(3, ['a', 'b', 'c'], [1])).toThrow('all images are of one class, "b"');
});
