import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unpackNsfwjs } from '../../scripts/unpack-nsfwjs.mjs';
import { type Plan, planRetrofit, type RetrofitOptions, readModel, retrofit, writeModel } from '../../src/index.js';
import { isAll } from '../support/is-all.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import {
  type BACKENDS,
  firstDifference,
  loadModel,
  predict,
  seededInputs,
  tf,
  useBackend,
} from '../support/tensorflow.js';

const output = temporaryFolder();

interface RealNetwork {
  readonly name: string;
  readonly sites: number;
  readonly addedParams: number;
  readonly exactBy: Readonly<Record<string, number>>;
  /** Sites that are left with --skip-stage 5. */
  readonly sitesWithoutLast: number;
  readonly backends: readonly (typeof BACKENDS)[number][];
}

const NETWORKS: readonly RealNetwork[] = [
  {
    name: 'mobilenet_v2',
    sites: 17,
    addedParams: 28_544,
    exactBy: { norm: 17 },
    sitesWithoutLast: 13,
    backends: isAll ? ['wasm', 'cpu'] : ['wasm'],
  },
  {
    name: 'inception_v3',
    sites: 11,
    addedParams: 1_650_944,
    // mixed2 and mixed7 have a max pooling into the next Concatenate behind them. mixed10 ends in dense_1, whose kernel has
    // an L2 regulariser in this network and must not be doubled; without that it is nine and two.
    exactBy: { consumers: 8, 'doubled-gate': 3 },
    sitesWithoutLast: 8,
    backends: ['wasm'],
  },
];

const OPTIONS: readonly Partial<RetrofitOptions>[] = [
  {},
  { skipStages: [5] },
  { placement: 'post', form: 'conv', squeeze: 'max' },
  { granularity: 'stage', ratio: 4, bias: true },
];

/** Every file below a folder, by its name. */
function filesOf(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(names.map(({ name }) => [name, readFileSync(join(folder, name))]));
}

const countBy = (plan: Plan): Record<string, number> =>
  plan.sites.reduce<Record<string, number>>((counts, { exactBy }) => {
    const by = String(exactBy);
    counts[by] = (counts[by] ?? 0) + 1;
    return counts;
  }, {});

describe.each(NETWORKS)('the trained $name', ({ name, sites, addedParams, exactBy, sitesWithoutLast, backends }) => {
  let folder: string;
  let inputFiles: Map<string, Buffer>;
  const outputs: string[] = [];
  const notExact = join(output, name, 'paper');

  beforeAll(async () => {
    folder = (await unpackNsfwjs())[name]!;
    inputFiles = filesOf(folder);
    mkdirSync(join(output, name));
    const model = await readModel(folder);
    for (const [index, options] of OPTIONS.entries()) {
      const place = join(output, name, String(index));
      await writeModel(retrofit(model, options), place);
      outputs.push(place);
    }
    await writeModel(retrofit(model, { init: 'paper' }), notExact);
  });

  afterAll(() => tf.disposeVariables());

  test('gets a module in every block, each exact by the road that is open', async () => {
    const model = await readModel(folder);
    const plan = planRetrofit(model);

    expect(plan.sites).toHaveLength(sites);
    expect(plan.params.added).toBe(addedParams);
    expect(countBy(plan)).toEqual(exactBy);
    expect(plan.exact).toBe(true);
    expect(plan.skipped).toEqual([]);
    expect(planRetrofit(model, { skipStages: ['last'] }).sites).toHaveLength(sitesWithoutLast);
    expect(planRetrofit(model, { skipStages: [5] }).sites).toHaveLength(sitesWithoutLast);
  });

  test.each(backends)('predicts the same bits on the %s backend', async (backend) => {
    await useBackend(backend);
    const before = await loadModel(folder);
    const inputs = oneImage(before);
    const expected = predict(before, inputs);
    for (const value of expected[0]!) expect(Number.isFinite(value)).toBe(true);
    // The cpu backend needs seconds for an image, and so does every backend for the larger network.
    const count = isAll || (backend === 'wasm' && name === 'mobilenet_v2') ? outputs.length : 1;
    for (const [index, place] of outputs.slice(0, count).entries()) {
      const after = await loadModel(place);
      expect(after.layers.length).toBeGreaterThan(before.layers.length);
      expect(firstDifference(expected, predict(after, inputs)), JSON.stringify(OPTIONS[index])).toBeUndefined();
      after.dispose();
    }
    // Modules that are not exact are seen: the inputs reach them, and they reach the outputs.
    const paper = await loadModel(notExact);
    expect(firstDifference(expected, predict(paper, inputs))).toBeDefined();
    paper.dispose();
    before.dispose();
    tf.dispose(inputs);
  });

  test('old weight files are copied byte for byte: quantised tensors are doubled by their scale and min', () => {
    for (const place of outputs) {
      const files = filesOf(place);
      for (const [file, bytes] of inputFiles) {
        if (file !== 'model.json') expect(files.get(file)?.equals(bytes), `${place}: ${file}`).toBe(true);
      }
    }
  });

  test('the same command writes the same bytes, and the input stays as it is', async () => {
    const again = join(output, name, 'again');
    await writeModel(retrofit(await readModel(folder), {}), again);

    const [first, second] = [filesOf(outputs[0]!), filesOf(again)];
    expect([...second.keys()]).toEqual([...first.keys()]);
    for (const [file, bytes] of first) expect(second.get(file)?.equals(bytes), file).toBe(true);
    const inputNow = filesOf(folder);
    expect([...inputNow.keys()]).toEqual([...inputFiles.keys()]);
    for (const [file, bytes] of inputFiles) expect(inputNow.get(file)?.equals(bytes), file).toBe(true);
  });
});

/** One image is enough: every output number depends on every module. */
function oneImage(model: LayersModel): tf.Tensor[] {
  return seededInputs(model, 1).map((tensor) => tf.tidy(() => tf.slice(tensor, 0, 1)));
}
