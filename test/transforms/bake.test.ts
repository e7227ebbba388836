import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { floatChunks } from '../../src/formats/values/float-values.js';
import { bake, type Model, planBake, readModel, retrofit, strip, weightKey, writeModel } from '../../src/index.js';
import { listGraphs } from '../../src/model/model.js';
import { countMacs, countParams } from '../../src/plan/cost.js';
import { viewGraph } from '../../src/stages/graph-view.js';
import { withConstantGates } from '../support/constant-gates.js';
import { readFixture } from '../support/fixtures.js';
import { isAll } from '../support/is-all.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();
const ENDINGS = ['', '.keras', '.h5'];
let count = 0;

async function written(model: Model, ending = ''): Promise<Model> {
  const path = join(folder, `model-${count++}${ending}`);
  await writeModel(model, path);
  return readModel(path);
}

const gatesFor = (model: Model, value: (channel: number) => number, names?: readonly string[]) =>
  new Map(
    planBake(model)
      .modules.filter(({ name }) => names === undefined || names.includes(name))
      .map(({ name, channels }) => [name, Float32Array.from({ length: channels }, (_, channel) => value(channel))]),
  );

async function valuesIn(model: Model): Promise<ReadonlyMap<string, readonly number[]>> {
  return model.withValues(async (values) => {
    const found = new Map<string, readonly number[]>();
    for (const { graph, path } of listGraphs(model.graph)) {
      for (const layer of graph.layers) {
        for (const { name, tensor } of layer.weights) {
          const numbers: number[] = [];
          for await (const chunk of floatChunks(tensor, values)) numbers.push(...chunk);
          found.set(weightKey(path, layer.name, name), numbers);
        }
      }
    }
    return found;
  });
}

describe('the model costs what it did before it had modules', () => {
  const names = [
    'resnet-v1',
    'mobilenet-v1',
    'mobilenet-v2',
    'vgg-bn',
    'inception',
    'nested-deep',
    'sequential-object',
    'frozen-root',
  ];
  // Each in one format, and every format twice at the least; all in all with SE_RETROFIT_TEST_ALL.
  const cases = names.map((name, index) => {
    const endings = isAll || index === 0 ? ENDINGS : [ENDINGS[index % 3]!];
    return [name, endings] as const;
  });
  test.each(cases)('%s', async (name, endings) => {
    const before = await readFixture(name);
    for (const ending of endings) {
      const after = await written(retrofit(before), ending);
      const baked = await written(
        bake(
          after,
          gatesFor(after, () => 0.5),
        ),
        ending,
      );
      const namesOf = ({ graph }: Model) => graph.layers.map((layer) => layer.name);
      expect(namesOf(baked)).toEqual(namesOf(await written(before, ending)));
      expect(baked.graph.isFrozen).toBe(before.graph.isFrozen);
      if (ending === '') expect(baked.graph.kind).toBe(before.graph.kind);
      expect(countParams(baked.graph)).toBe(countParams(before.graph));
      expect(countMacs(viewGraph(baked.graph))).toBe(countMacs(viewGraph(before.graph)));
      expect(baked.record).toBeUndefined();
    }
  });

  test('a gate of one half is what the doubling made up for: all weights are back', async () => {
    for (const name of ['resnet-v1', 'mobilenet-v1', 'inception']) {
      const before = await readFixture(name);
      const after = await written(retrofit(before));
      const baked = await written(
        bake(
          after,
          gatesFor(after, () => 0.5),
        ),
      );
      expect(await valuesIn(baked)).toEqual(await valuesIn(before));
    }
  });

  test('where no weights can take the factors, a layer of one number a channel is left', async () => {
    const after = await written(retrofit(await readFixture('densenet')));
    const { modules } = planBake(after);
    expect(modules.map(({ road }) => road)).toEqual(modules.map(() => 'fixed'));
    const baked = await written(
      bake(
        after,
        gatesFor(after, (channel) => channel),
      ),
    );
    const added = baked.graph.layers.filter(({ name }) => name.endsWith('_fixed'));
    expect(added.map(({ className, name }) => [className, name])).toEqual(
      modules.map(({ name }) => ['DepthwiseConv2D', `${name}_fixed`]),
    );
    const values = await valuesIn(baked);
    for (const { name, channels } of modules) {
      expect(values.get(weightKey([], `${name}_fixed`, 'depthwise_kernel'))).toEqual(
        Array.from({ length: channels }, (_, channel) => channel),
      );
    }
    // Whoever strips afterwards has nothing left to take out.
    expect(() => strip(baked)).toThrow(expect.objectContaining({ code: 'no-modules' }));
  });

  test('a module that nothing can take the place of stays, with its record', async () => {
    const after = await written(retrofit(await readFixture('conv1d-residual'), { placement: 'post' }));
    const { modules, kept } = planBake(after);
    expect(kept.length).toBeGreaterThan(0);
    const gates = new Map([
      ...gatesFor(after, () => 0.25),
      ...kept.map(({ name }) => [name, new Float32Array(1)] as const),
    ]);
    const baked = await written(bake(after, gates));
    expect(baked.record!.modules.map(({ name }) => name)).toEqual(kept.map(({ name }) => name));
    expect(modules.length + kept.length).toBe(after.record!.modules.length);
    expect(bake(after, gates).warnings.map(({ code }) => code)).toEqual(kept.map(() => 'module-kept'));
    strip(baked);
  });
});

describe('some modules now, the others later', () => {
  test.each(['resnet-v1', 'vgg', 'mobilenet-v1', 'nested-deep', 'inception', 'quantized-uint8'])('%s', async (name) => {
    const before = await readFixture(name);
    const after = await written(retrofit(before));
    const first = after.record!.modules[0]!.name;
    const partly = await written(
      bake(
        after,
        gatesFor(after, (channel) => 0.5 + channel / 64, [first]),
      ),
    );
    expect(partly.record!.modules.map((module) => module.name)).toEqual(
      after.record!.modules.slice(1).map((module) => module.name),
    );
    // In whichever order they go: baked and stripped, or both baked.
    const rest = planBake(partly).modules.map((module) => module.name);
    const stripped = await written(strip(partly));
    const halved = await written(
      bake(
        partly,
        gatesFor(partly, () => 0.5, rest),
      ),
    );
    const plain = await valuesIn(stripped);
    expect([...plain.keys()].sort()).toEqual([...(await valuesIn(before)).keys()].sort());
    const other = await valuesIn(halved);
    for (const [key, numbers] of plain) expectClose(other.get(key)!, numbers);
    expect(plain).not.toEqual(await valuesIn(before));
  });

  test('an early record does not say whose doubling was whose', async () => {
    const after = retrofit(await readFixture('resnet-v1'));
    const early: Model = {
      ...after,
      record: { ...after.record!, modules: after.record!.modules.map(({ doubled: _, ...module }) => module) },
    };
    expect(() =>
      bake(
        early,
        gatesFor(early, () => 0.5, ['se_2_1']),
      ),
    ).toThrow(expect.objectContaining({ code: 'bad-record' }));
    expect(
      bake(
        early,
        gatesFor(early, () => 0.5),
      ).record,
    ).toBeUndefined();
  });
});

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  for (const [index, value] of expected.entries())
    expect(Math.abs(actual[index]! - value)).toBeLessThanOrEqual(1e-6 * largest);
}

test('a file that Keras saved again, without its record, can be baked all the same', async () => {
  const { model, gates } = withConstantGates(retrofit(await readFixture('resnet-v1'), { bias: true }));
  const lost: Model = { ...model, record: undefined };
  const baked = bake(lost, gates);
  expect(baked.record).toBeUndefined();
  expect(await valuesIn(baked)).toEqual(await valuesIn(bake(model, gates)));
});

describe('refused', () => {
  test.each<[string, (gates: Map<string, Float32Array>) => void, string]>([
    ['a module that is not there', (gates) => gates.set('se_9_9', new Float32Array(4)), 'unknown-module'],
    ['too few gates', (gates) => gates.set('se_2_1', new Float32Array(3)), 'bad-gates'],
    ['a gate that is no number', (gates) => gates.get('se_2_1')!.fill(Number.NaN), 'bad-gates'],
    ['a gate below zero', (gates) => gates.get('se_2_1')!.fill(-1), 'bad-gates'],
  ])('%s', async (_, spoil, code) => {
    const model = retrofit(await readFixture('resnet-v1'));
    const gates = gatesFor(model, () => 0.5);
    spoil(gates);
    expect(() => bake(model, gates)).toThrow(expect.objectContaining({ code }));
  });
});
