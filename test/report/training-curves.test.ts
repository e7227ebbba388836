import { expect, test } from 'vitest';
import { trainingCurves } from '../../src/report/figures/training-curves.js';

const epoch = (accuracy: number) => ({ epoch: 1, loss: 1, accuracy, validationLoss: 1, validationAccuracy: accuracy });

test.each([0, 1, 0.5])('an axis of accuracies of %d alone says no share that there cannot be', (accuracy) => {
  const [, figure] = trainingCurves([epoch(accuracy), epoch(accuracy)], { loss: 1, accuracy }, 1);
  const ticks = [...figure!.body.matchAll(/>([\d.−-]+)\s*%</g)].map(([, text]) => Number(text!.replace('−', '-')));
  expect(ticks.length).toBeGreaterThan(1);
  expect(Math.min(...ticks)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...ticks)).toBeLessThanOrEqual(100);
});
