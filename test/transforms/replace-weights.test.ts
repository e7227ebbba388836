import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { floatChunks } from '../../src/formats/values/float-values.js';
import { type NewValues, readModel, replaceWeights, retrofit, weightKey, writeModel } from '../../src/index.js';
import { listGraphs, type Model } from '../../src/model/model.js';
import { type Tensor, tensorSize } from '../../src/model/tensor.js';
import { modelFolder, readFixture } from '../support/fixtures.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();

const FLOATS = /^b?float\d+$/;

function listTensors({ graph }: Model): ReadonlyMap<string, Tensor> {
  const all = [...listGraphs(graph)].flatMap(({ graph: inner, path }) =>
    inner.layers.flatMap((layer) =>
      layer.weights.map(({ name, tensor }) => [weightKey(path, layer.name, name), tensor] as const),
    ),
  );
  return new Map(all);
}

async function readValues(model: Model): Promise<ReadonlyMap<string, readonly number[]>> {
  return model.withValues(async (values) => {
    const found = new Map<string, readonly number[]>();
    for (const [key, tensor] of listTensors(model)) {
      if (!FLOATS.test(tensor.dtype)) continue;
      const numbers: number[] = [];
      for await (const chunk of floatChunks(tensor, values)) numbers.push(...chunk);
      found.set(key, numbers);
    }
    return found;
  });
}

/** Other values for every second tensor, by turns as an array and made when they are written. */
function newValues(model: Model): ReadonlyMap<string, NewValues> {
  const chosen = [...listTensors(model)].filter(([, { dtype }], index) => index % 2 === 0 && FLOATS.test(dtype));
  return new Map(
    chosen.map(([key, tensor], index) => {
      const made = () => Float32Array.from({ length: tensorSize(tensor) }, (_, at) => Math.sin(at + 10 * index));
      return [key, index % 2 === 0 ? made() : made];
    }),
  );
}

async function expectReplaced(model: Model, output: string, options = {}): Promise<void> {
  const given = newValues(model);
  expect(given.size).toBeGreaterThan(2);
  const before = await readValues(model);
  const { path } = await writeModel(replaceWeights(model, given), output, options);
  const after = await readValues(await readModel(path));
  expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
  for (const [key, numbers] of after) {
    const values = given.get(key);
    const expected = values === undefined ? before.get(key) : [...(typeof values === 'function' ? values() : values)];
    expect(numbers, key).toEqual(expected);
  }
}

const NAMES = [
  'resnet-v1',
  'nested-deep',
  'tfjs-saved-trained',
  'optimizer-middle',
  'sequential-array',
  'bidirectional',
];

test.each(NAMES)('%s: in the place of the old ones', async (name) => {
  const model = await readFixture(name);
  await expectReplaced(model, join(folder, name));
  if (name.includes('optimizer') || name.includes('trained')) return;
  // Nothing of the model but those values changed.
  expect(readFileSync(join(folder, name, 'model.json'))).toEqual(readFileSync(join(modelFolder(name), 'model.json')));
  for (const { path, byteLength } of model.files.slice(1)) {
    const copy = readFileSync(join(folder, name, path.slice(modelFolder(name).length + 1)));
    expect(copy.byteLength).toBe(byteLength);
  }
});

test.each(['quantized-uint8', 'quantized-uint16', 'quantized-float16', 'quantized-kernels'])(
  '%s: what was quantised is float32, all others stay as they are stored',
  async (name) => {
    const model = await readFixture(name);
    await expectReplaced(model, join(folder, name));
    const given = newValues(model);
    const after = listTensors(await readModel(join(folder, name)));
    for (const [key, tensor] of listTensors(model)) {
      expect(after.get(key)!.quantization).toEqual(given.has(key) ? undefined : tensor.quantization);
    }
  },
);

test.each(['.h5', '.keras', '.weights.h5'])('from TensorFlow.js to %s and there again', async (ending) => {
  for (const name of ['resnet-v1', 'nested-deep']) {
    const made = join(folder, `${name}-made`);
    await expectReplaced(await readFixture(name), `${made}${ending}`);
    const json = ending === '.weights.h5';
    const model = await readModel(json ? `${made}.json` : `${made}${ending}`);
    await expectReplaced(model, join(folder, `${name}-again${ending}`));
  }
});

test('new values of a module, and of what was doubled for it', async () => {
  const after = retrofit(await readFixture('resnet-v1'));
  await expectReplaced(after, join(folder, 'modules'));
  await expectReplaced(await readModel(join(folder, 'modules')), join(folder, 'modules.h5'));
});

test('values that are doubled afterwards', async () => {
  const model = await readFixture('resnet-v1');
  const key = weightKey([], 'conv2_block1_3_bn', 'gamma');
  const values = new Float32Array(tensorSize(listTensors(model).get(key)!)).fill(0.7);
  const after = retrofit(replaceWeights(model, new Map([[key, values]])), { stages: [2] });
  await writeModel(after, join(folder, 'doubled'));
  const read = await readValues(await readModel(join(folder, 'doubled')));
  expect(read.get(key)).toEqual([...values].map((value) => 2 * value));
});

test('refuses what is no weight of the model, and what does not fit it', async () => {
  const model = await readFixture('resnet-v1');
  const key = weightKey([], 'conv2_block1_3_bn', 'gamma');
  const replace = (name: string, values: NewValues) => () => replaceWeights(model, new Map([[name, values]]));
  expect(replace(weightKey(['inner'], 'conv', 'kernel'), new Float32Array(1))).toThrow('no weight [["inner"]');
  expect(replace(key, new Float32Array(3))).toThrow(/gamma.*values, not 3/);
  const lazy = replaceWeights(model, new Map([[key, () => new Float32Array(3)]]));
  await expect(writeModel(lazy, join(folder, 'refused'))).rejects.toThrow(/gamma.*values, not 3/);
});
