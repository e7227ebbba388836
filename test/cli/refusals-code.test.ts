import { describe, expect, test } from 'vitest';
import { makeFolders } from '../support/cli.js';
import { addReport } from './add-report.js';
import { expectRefused, writeBroken } from './refused.js';

// docs/HOSTILE.md, row 17, in compile settings; what layers carry stands in refusals-names.test.ts.

const newFolder = makeFolders();

const CONVERTED = { optimizer_config: { class_name: 'Custom>Adam', config: { name: 'Adam' } }, loss: 'our_loss' };
const SAVED = {
  optimizer_config: { class_name: 'Adam', config: {} },
  loss: ['mean_squared_error'],
  metrics: { classes: 'our_metric' },
};

/** The converter of TensorFlow.js leaves compile settings inside the topology, TensorFlow.js saves them beside it. */
const write = (folder: string, place: 'inside' | 'beside'): string =>
  writeBroken(folder, ({ json }) => {
    if (place === 'inside') Object.assign(json.modelTopology, { training_config: CONVERTED });
    else Object.assign(json, { trainingConfig: SAVED });
  });

describe.each([
  ['inside', 'training_config.loss', 'our_loss'],
  ['beside', 'trainingConfig.metrics.classes', 'our_metric'],
] as const)('compile settings %s the topology', (place, field, name) => {
  const words = `what its "${field}" names is "${name}"`;

  test('are carried, with a warning', async () => {
    const { warnings } = await addReport([write(newFolder(), place), '--dry-run']);
    expect(warnings).toEqual([{ code: 'carried-code', message: expect.stringContaining(words), where: null }]);
  });

  test('are refused with --deny-code', async () => {
    const folder = newFolder();
    await expectRefused(folder, [write(folder, place), '--deny-code'], {
      code: 'code-denied',
      exit: 3,
      words: [words],
    });
  });
});

test('without code in them nothing is said', async () => {
  const path = writeBroken(newFolder(), ({ json }) => {
    Object.assign(json, { trainingConfig: { ...SAVED, metrics: ['acc'] } });
  });
  expect((await addReport([path, '--deny-code', '--dry-run'])).warnings).toEqual([]);
});
