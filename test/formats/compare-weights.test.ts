import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareWeights } from '../../src/formats/compare/compare-weights.js';
import { type Model, readModel, retrofit, writeModel } from '../../src/index.js';
import { changeWeight } from '../support/changed-weights.js';
import { MODEL_NAMES, readFixture } from '../support/fixtures.js';
import { planOrNothing } from '../support/retrofitted.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { byTurns } from '../support/turns.js';

const folder = temporaryFolder();
const withoutCounts = { quantized: 0, changed: [] };
const retrofitted = new Set<string>();

const NAMES = byTurns(MODEL_NAMES, 2);

test.each(NAMES)('%s: every weight is in its retrofit, doubled as recorded, and the other way round', async (name) => {
  const before = await readFixture(name);
  const plan = planOrNothing(before, {});
  const same = await compareWeights(before, before);
  expect(same).toMatchObject({ ...withoutCounts, doubled: 0, added: 0 });
  if (plan === undefined) return;
  const output = join(folder, name);
  await writeModel(retrofit(before, plan), output);
  const after = await readModel(output);
  const verdict = await compareWeights(before, after);
  expect(verdict).toEqual({
    ...withoutCounts,
    checked: same.checked,
    doubled: plan.doublings.length,
    added: 2 * plan.sites.length,
  });
  const back = await compareWeights(after, before);
  expect(back.changed.every(({ layer, reason }) => reason === 'missing' && /^(?:.*\/)?se_/.test(layer))).toBe(true);
  expect(back.changed.length).toBe(verdict.added);
  retrofitted.add(name);
});

test('most models were retrofitted', () => expect(retrofitted.size).toBeGreaterThan(0.6 * NAMES.length));

describe('in another container', () => {
  test.each([
    ['resnet-v1', 'a.keras', undefined],
    ['resnet-v1', 'b.h5', undefined],
    ['resnet-v1', 'c.weights.h5', undefined],
    ['resnet-v1', 'd.keras', 'keras2'],
    ['bidirectional', 'e.keras', undefined],
    ['nested-deep', 'f.keras', undefined],
    ['weird-names', 'g.keras', undefined],
    ['separable-raw-config', 'h.h5', undefined],
  ] as const)('%s as %s %s', async (name, file, dialect) => {
    const before = await readFixture(name);
    const plan = planOrNothing(before, {});
    const path = join(folder, file);
    await writeModel(plan === undefined ? before : retrofit(before, plan), path, { dialect });
    const after = await readModel(file.endsWith('.weights.h5') ? join(folder, 'c.json') : path);
    const expected = { ...withoutCounts, checked: (await compareWeights(before, before)).checked };
    expect(await compareWeights(before, after)).toMatchObject({ ...expected, doubled: plan?.doublings.length ?? 0 });
    const again = join(folder, `${file}-again`);
    await writeModel(after, again);
    expect(await compareWeights(after, await readModel(again))).toMatchObject({
      ...withoutCounts,
      doubled: 0,
      added: 0,
    });
  });
});

describe('what is not as it was', () => {
  const changed = async (change: (after: Model) => Model) => {
    const before = await readFixture('resnet-v1');
    return (await compareWeights(before, change(retrofit(before)))).changed;
  };
  const nudged = (values: Float32Array) =>
    values.map((value, index) => (index === values.length - 1 ? value + 1e-6 : value));

  test('one value of one weight', async () => {
    expect(await changed((after) => changeWeight(after, 'conv2_block1_1_conv', 'kernel', nudged))).toEqual([
      { layer: 'conv2_block1_1_conv', weight: 'kernel', reason: 'values' },
    ]);
  });

  test('a doubled weight whose doubling is not recorded, and one that is recorded twice', async () => {
    const entry = { layer: 'conv2_block1_3_bn', weight: 'gamma' };
    const without = (after: Model): Model => ({
      ...after,
      record: { ...after.record!, doubled: after.record!.doubled.slice(1) },
    });
    const twice = (after: Model): Model => {
      const [first, ...others] = after.record!.doubled;
      return { ...after, record: { ...after.record!, doubled: [{ ...first!, exponent: 2 }, ...others] } };
    };
    expect(await changed(without)).toEqual([{ ...entry, reason: 'doubled' }]);
    expect(await changed(twice)).toEqual([{ ...entry, reason: 'values' }]);
  });

  test('a model that lost its record: what it was made of says it, unless modules are gone', async () => {
    const before = await readFixture('resnet-v1');
    const after = retrofit(before);
    const lost = { ...after, record: undefined };
    expect((await compareWeights(after, lost)).changed).toEqual([]);
    const { changed: doubled } = await compareWeights(before, lost);
    expect(new Set(doubled.map(({ reason }) => reason))).toEqual(new Set(['doubled']));
    expect(doubled.length).toBe(after.record!.doubled.length);
    const { changed: stripped } = await compareWeights(after, before);
    expect(new Set(stripped.map(({ reason }) => reason))).toEqual(new Set(['missing']));
  });

  test('a layer that is missing, nested ones too', async () => {
    const before = await readFixture('nested-deep');
    const nested = before.graph.layers.find(({ graph }) => graph !== undefined)!;
    const layers = before.graph.layers.map((layer) =>
      layer === nested ? { ...layer, graph: { ...nested.graph!, layers: [] } } : layer,
    );
    const { changed: missing } = await compareWeights(before, { ...before, graph: { ...before.graph, layers } });
    expect(missing.length).toBeGreaterThan(0);
    for (const { layer, reason } of missing)
      expect([layer.startsWith(`${nested.name}/`), reason]).toEqual([true, 'missing']);
  });

  test('another shape', async () => {
    const { changed: other } = await compareWeights(await readFixture('vgg'), await readFixture('vgg-notop'));
    expect(new Set(other.map(({ reason }) => reason))).toContain('missing');
    const before = await readFixture('vgg');
    const layers = before.graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => ({
        ...weight,
        tensor: { ...weight.tensor, shape: [1, ...weight.tensor.shape] },
      })),
    }));
    const reshaped = { ...before, graph: { ...before.graph, layers } };
    const { changed: all, checked } = await compareWeights(before, reshaped);
    expect(all.map(({ reason }) => reason)).toEqual(Array(checked).fill('shape'));
  });

  test('NaN is what it was, and not what a number became', async () => {
    const toNaN = (values: Float32Array) => values.fill(Number.NaN);
    const before = await readFixture('resnet-v1');
    const broken = changeWeight(before, 'conv1_conv', 'kernel', toNaN);
    expect((await compareWeights(broken, broken)).changed).toEqual([]);
    expect((await compareWeights(before, broken)).changed.map(({ layer }) => layer)).toEqual(['conv1_conv']);
    expect((await compareWeights(broken, before)).changed.map(({ layer }) => layer)).toEqual(['conv1_conv']);
  });
});

describe('quantised by a conversion', () => {
  test.each(['uint8', 'uint16', 'float16'] as const)('%s: as near as that allows', async (dtype) => {
    const before = await readFixture('resnet-v1');
    const path = join(folder, `as-${dtype}`);
    await writeModel(before, path, { quantize: () => dtype });
    const after = await readModel(path);
    const verdict = await compareWeights(before, after);
    expect(verdict.changed).toEqual([]);
    expect(verdict.quantized).toBeGreaterThan(20);
    const far = (values: Float32Array) => values.map((value) => value * 1.5 + 1);
    const moved = changeWeight(before, 'conv2_block1_1_conv', 'kernel', far);
    expect((await compareWeights(moved, after)).changed).toEqual([
      { layer: 'conv2_block1_1_conv', weight: 'kernel', reason: 'values' },
    ]);
    const plain = join(folder, `from-${dtype}.keras`);
    await writeModel(after, plain);
    expect(await compareWeights(after, await readModel(plain))).toMatchObject(withoutCounts);
  });
});
