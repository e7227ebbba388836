import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { bakeReportSchema, exciteReportSchema, inspect, readModel } from '../../src/index.js';
import { copyFixture, expectFailure, makeFolders } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';

/** Trained with its modules, and pictures that it was not trained with. */
const DIGITS = fileURLToPath(new URL('../../fixtures/digits/', import.meta.url));
const MODEL = join(DIGITS, 'model');
const IMAGES = join(DIGITS, 'images');
const WORDS = [IMAGES, '--backend', 'wasm', '--json'] as const;

const newFolder = makeFolders();
let folder: string;

beforeAll(() => {
  folder = newFolder();
});

test('excite: gates that were trained tell digits apart, most of all in the last stage', async () => {
  const { code, stdout } = await run(['excite', MODEL, ...WORDS, '-o', join(folder, 'gates')]);
  expect(code).toBe(0);
  const { images, classes, blocks } = exciteReportSchema.parse(JSON.parse(stdout));
  expect([images, classes.length]).toEqual([100, 10]);
  expect(blocks.map(({ name }) => name)).toEqual(['se_2_1', 'se_3_1', 'se_4_1', 'se_5_1']);
  const [second, third, , last] = blocks.map(({ specificity }) => specificity!);
  expect(last).toBeGreaterThan(0.4);
  expect(second).toBeGreaterThan(third!);
});

test('bake: without its modules it still knows the digits, and those whose gates move can be kept', async () => {
  const output = join(folder, 'baked');
  const { code, stdout } = await run(['bake', MODEL, ...WORDS, '-o', output]);
  expect(code).toBe(0);
  const { accuracy, modules } = bakeReportSchema.parse(JSON.parse(stdout));
  expect(modules).toHaveLength(4);
  expect(accuracy!.before).toBeGreaterThanOrEqual(0.95);
  expect(accuracy!.after).toBeGreaterThanOrEqual(0.95);
  expect(inspect(await readModel(output)).modules).toEqual([]);

  const some = await run(['bake', MODEL, ...WORDS, '-o', join(folder, 'some'), '--below', '0.01']);
  const { kept } = bakeReportSchema.parse(JSON.parse(some.stdout));
  expect(kept.map(({ name }) => name)).toContain('se_5_1');
  expect(kept.length).toBeLessThan(4);
});

test('a model without modules has no gates', async () => {
  const plain = copyFixture('single-channel', folder);
  expectFailure(await run(['excite', plain, IMAGES, '--backend', 'wasm']), 4, /no .*modules?/);
});
