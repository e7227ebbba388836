import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  listTrained,
  type Model,
  planStrip,
  type RetrofitOptions,
  type RetrofitRecord,
  readModel,
  replaceWeights,
  retrofit,
  strip,
  weightKey,
  writeModel,
} from '../../src/index.js';
import { randomNumbers, shuffled } from '../../src/random.js';
import { weightsLine } from '../../src/report/verify-report.js';
import { bytesIn, makeFolders } from '../support/cli.js';
import { MODEL_NAMES, modelFolder, readFixture } from '../support/fixtures.js';
import { isAll } from '../support/is-all.js';
import { buildModel, renameLayer, writeBuilt } from '../support/model-builder.js';
import { retrofitFixture } from '../support/retrofitted.js';
import { byTurns } from '../support/turns.js';

const newFolder = makeFolders();
const folder = newFolder();
let count = 0;
const newPath = () => join(folder, `plain-${count++}`);

/** How many options are tried on each model, drawn by its name. */
const OPTIONS_A_MODEL = isAll ? Number.POSITIVE_INFINITY : 1;

const OPTIONS: readonly Partial<RetrofitOptions>[] = [
  { ratio: 2 },
  { granularity: 'conv' },
  { granularity: 'stage', squeeze: 'max' },
  { form: 'conv', bias: true },
  { placement: 'pre' },
  { placement: 'post' },
  { placement: 'identity' },
  { minUnits: 1 },
  { init: 'paper' },
];

/** What an optimizer kept cannot come back: `add` leaves it out. */
const WITH_OPTIMIZER: readonly string[] = ['tfjs-saved-trained', 'optimizer-end', 'optimizer-middle'];

/** TensorFlow.js does not load these as they are: they are written as it does, and that comes back. */
const MADE_LOADABLE: readonly string[] = [
  'activity-regularised',
  'mobilenet-v1-keepdims',
  'regularised-l2',
  'separable-raw-config',
];

/** Models that hold a module in every block already, or whose dimensions TensorFlow.js cannot pool. */
const WITHOUT_SITES: readonly string[] = [
  'conv3d-plain',
  'efficientnet-like',
  'hard-sigmoid-se',
  'mobilenet-v3-like',
  'se-already',
];

async function bytesBefore(name: string): Promise<ReadonlyMap<string, string>> {
  if ([...WITH_OPTIMIZER, ...MADE_LOADABLE].includes(name)) return writtenBytes(await readFixture(name));
  return new Map([...bytesIn(modelFolder(name))].filter(([file]) => file !== 'expected.json'));
}

async function writtenBytes(model: Model): Promise<ReadonlyMap<string, string>> {
  const path = newPath();
  await writeModel(model, path);
  return bytesIn(path);
}

/** Written, read, stripped and written again. */
async function strippedBytes(model: Model): Promise<ReadonlyMap<string, string>> {
  const path = newPath();
  await writeModel(model, path);
  return writtenBytes(strip(await readModel(path)));
}

describe('straight after a retrofit every byte is back', () => {
  test.each(byTurns(MODEL_NAMES, 6))('%s', async (name) => {
    const before = await bytesBefore(name);
    let tried = 0;
    for (const options of shuffled(OPTIONS, randomNumbers(1, name))) {
      if (tried >= OPTIONS_A_MODEL) break;
      const after = await retrofitFixture(name, options, folder);
      if (after === undefined) continue;
      expect(bytesIn(after.output)).not.toEqual(before);
      expect(await writtenBytes(strip(await readModel(after.output))), JSON.stringify(options)).toEqual(before);
      if (tried++ > 0) continue;
      // The same in memory, where nothing was written between.
      expect(await writtenBytes(strip(retrofit(await readFixture(name), options)))).toEqual(before);
    }
    expect(tried > 0).toBe(!WITHOUT_SITES.includes(name));
  });

  test.each(['resnet-v1', 'vgg', 'inception', 'nested-deep', 'quantized-uint8'])(
    '%s, retrofitted twice',
    async (name) => {
      const once = retrofit(await readFixture(name), { stages: [2] });
      const path = newPath();
      await writeModel(once, path);
      const twice = retrofit(await readModel(path), { ratio: 4 });
      expect(twice.record!.modules.length).toBeGreaterThan(once.record!.modules.length);
      expect(await strippedBytes(twice)).toEqual(await bytesBefore(name));
      expect(await writtenBytes(strip(retrofit(once, { ratio: 4 })))).toEqual(await bytesBefore(name));
    },
  );

  test('numbers, names, keys and metadata as Python wrote them', async () => {
    const place = newFolder();
    const model = buildModel();
    renameLayer(model, 'b', 'cafe');
    const [group] = model.json.weightsManifest;
    for (const weight of group!.weights) {
      if (weight.name.startsWith('caf')) weight.quantization = { dtype: 'uint8', scale: 1, min: -1 };
    }
    const elements = (shape: readonly unknown[]) => (shape as number[]).reduce((product, size) => product * size, 1);
    const size = group!.weights.reduce(
      (sum, { shape, quantization }) => sum + elements(shape) * (quantization === undefined ? 4 : 1),
      0,
    );
    model.files.set('weights.bin', new Uint8Array(size).fill(7));
    for (const metadata of [undefined, {}, null, 'caf\u00e9', { 'own \u00e9': 1 }]) {
      const text = JSON.stringify({ ...model.json, userDefinedMetadata: metadata }, undefined, 1)
        .replaceAll('\u00e9', '\\u00e9')
        .replaceAll('"scale": 1', '"scale": 5.2e-05')
        .replaceAll('"min": -1', '"min": -1.0');
      writeBuilt(place, model, text);
      const read = await readModel(place);
      const path = newPath();
      await writeModel(retrofit(read), path);
      expect(readFileSync(join(path, 'model.json'), 'utf8')).toMatch(/"scale": 0.000104,\s+"min": -2\b/);
      const plain = newPath();
      await writeModel(strip(await readModel(path)), plain);
      expect(readFileSync(join(plain, 'model.json'), 'utf8')).toBe(text);
    }
  });
});

describe('a record', () => {
  const retrofitted = async (name: string, options: Partial<RetrofitOptions> = {}) => {
    const path = newPath();
    await writeModel(retrofit(await readFixture(name), options), path);
    return path;
  };

  /** The model of a folder with another record. */
  const withRecord = (path: string, change: (record: RetrofitRecord) => unknown): Promise<Model> => {
    const file = join(path, 'model.json');
    const json = JSON.parse(readFileSync(file, 'utf8'));
    json.userDefinedMetadata.se_retrofit = change(json.userDefinedMetadata.se_retrofit);
    writeFileSync(file, JSON.stringify(json));
    return readModel(path);
  };

  test('of an early version, with modules and doubled weights alone', async () => {
    const path = await retrofitted('resnet-v1');
    const model = await withRecord(path, ({ version, modules, doubled }) => ({
      version,
      modules: modules.map(({ doubled: _, ...module }) => module),
      doubled,
    }));
    const { graph, record } = strip(model);
    const before = await readFixture('resnet-v1');
    expect(graph.layers.map(({ name }) => name)).toEqual(before.graph.layers.map(({ name }) => name));
    expect(record).toBeUndefined();
    expect(graph.layers.flatMap((layer) => layer.weights.filter(({ tensor }) => tensor.exponent === -1)).length).toBe(
      model.record!.doubled.length,
    );
  });

  test.each<[string, (record: RetrofitRecord) => unknown]>([
    ['no record', () => undefined],
    ['no list of modules', ({ modules: _, ...rest }) => rest],
    ['a module without a name', (record) => ({ ...record, modules: [{ ...record.modules[0], name: 3 }] })],
    ['a fraction', (record) => ({ ...record, doubled: [{ ...record.doubled[0], exponent: 0.5 }] })],
    [
      'a scale that is no number',
      (record) => ({
        ...record,
        doubled: record.doubled.map((entry) => ({ ...entry, quantization: { scale: '0x1', min: '0' } })),
      }),
    ],
    ['another version', (record) => ({ ...record, version: 2 })],
  ])('that is none, %s: what was doubled is not known', async (_, change) => {
    const model = await withRecord(await retrofitted('resnet-v1'), change);
    expect(() => strip(model)).toThrow(/no longer says which weights were doubled/);
  });

  test('is what the save() of Keras leaves out: that is said, and what to do', async () => {
    const model = await withRecord(await retrofitted('resnet-v1'), () => undefined);
    const refused = {
      code: 'no-record',
      message: expect.stringContaining('save() of Keras leaves the record out'),
      hint: expect.stringContaining('put the trained weights into a copy'),
    };
    expect(() => planStrip(model)).toThrow(expect.objectContaining(refused));
    const changed = [{ layer: 'conv', weight: 'kernel', reason: 'doubled' }] as const;
    const verdict = { checked: 1, doubled: 0, quantized: 0, added: 0, changed };
    expect(weightsLine(verdict, false)).toContain("no record says so (Keras' save() leaves it out)");
  });

  test('is not needed where every gate was doubled', async () => {
    const path = await retrofitted('densenet');
    const model = await withRecord(path, () => undefined);
    expect(planStrip(model).modules.length).toBeGreaterThan(0);
    const { graph } = strip(model);
    expect(graph.layers.map(({ name }) => name)).toEqual(
      (await readFixture('densenet')).graph.layers.map(({ name }) => name),
    );
  });

  test.each([
    ['a weight that is gone', { layer: 'conv2_block1_3_bn', weight: 'delta' }, 'conv2_block1_3_bn'],
    ['a layer that is gone', { layer: 'gone', weight: 'gamma' }, 'gone'],
  ])('of %s', async (_, entry, layer) => {
    const model = await withRecord(await retrofitted('resnet-v1'), (record) => ({
      ...record,
      doubled: [{ graph: [], exponent: 1, ...entry }],
    }));
    expect(() => strip(model)).toThrow(
      expect.objectContaining({ code: 'bad-record', where: expect.objectContaining({ layer }) }),
    );
  });

  test('of a nested model that is gone, and of another gate', async () => {
    const path = await retrofitted('resnet-v1');
    const change = (part: object) => (record: RetrofitRecord) => ({
      ...record,
      modules: record.modules.map((module) => ({ ...module, ...part })),
    });
    const lost = await withRecord(path, change({ graph: ['inner'] }));
    expect(() => strip(lost)).toThrow(expect.objectContaining({ code: 'bad-record' }));
    const doubled = await withRecord(path, change({ graph: [], exactBy: 'doubled-gate' }));
    expect(() => strip(doubled)).toThrow(expect.objectContaining({ code: 'bad-record' }));
  });

  test.each<[string, (text: string) => string]>([
    ['what a loader would run', (text) => text.replace('"layers"', '"x":{"class_name":"Lambda","config":{}},"layers"')],
    ['another class', (text) => text.replace('"Sequential"', '"OurModel"')],
    ['a module of other people', (text) => text.replace('{"class_name"', '{"module":"ours","class_name"')],
    ['no JSON', (text) => text.slice(1)],
    ['too few layers', (text) => text.replace('null,', '')],
  ])('does not bring in %s', async (_, change) => {
    const path = await retrofitted('sequential-object');
    const model = await withRecord(path, (record) => ({
      ...record,
      sequential: record.sequential!.map(({ graph, text }) => ({ graph, text: change(text) })),
    }));
    expect(model.record!.sequential![0]!.text).not.toBe('');
    const { graph } = strip(model);
    expect(graph.kind).toBe('functional');
    expect(await writtenBytes(strip(model))).toBeDefined();
    expect(strip(await withRecord(await retrofitted('sequential-object'), (record) => record)).graph.kind).toBe(
      'sequential',
    );
  });
});

describe('a module that is no longer what was put in', () => {
  type Layers = { name: string; class_name: string; config: Record<string, unknown>; inbound_nodes: unknown[][][] }[];
  const find = (layers: Layers, name: string) => layers.find((layer) => layer.name === name)!;

  test.each<[string, string, (layers: Layers) => void]>([
    ['another activation', 'se_2_1_expand', (layers) => (find(layers, 'se_2_1_expand').config.activation = 'tanh')],
    ['no module before', 'se_2_1_reduce', (layers) => (find(layers, 'se_2_1_reduce').config.activation = 'relu6')],
    ['another class', 'se_2_1_scale', (layers) => (find(layers, 'se_2_1_scale').class_name = 'Add')],
    [
      'a gate of its own for another tensor',
      'se_2_1_squeeze',
      (layers) => (find(layers, 'se_2_1_scale').inbound_nodes[0]![0]![0] = 'conv2_block1_2_relu'),
    ],
    [
      'another reader of its gate',
      'se_2_1_reshape',
      (layers) => (find(layers, 'se_2_2_scale').inbound_nodes[0]![1]![0] = 'se_2_1_reshape'),
    ],
  ])('%s', async (_, layer, change) => {
    const path = newPath();
    await writeModel(retrofit(await readFixture('resnet-v1')), path);
    const file = join(path, 'model.json');
    const json = JSON.parse(readFileSync(file, 'utf8'));
    change((json.modelTopology.model_config ?? json.modelTopology).config.layers);
    writeFileSync(file, JSON.stringify(json));
    const model = await readModel(path);
    expect(() => strip(model)).toThrow(
      expect.objectContaining({ code: 'changed-module', where: expect.objectContaining({ layer }) }),
    );
  });
});

describe('in another format', () => {
  test.each(['resnet-v1', 'nested-deep', 'sequential-object', 'frozen-root', 'densenet', 'siamese'])(
    '%s',
    async (name) => {
      const before = await readFixture(name);
      for (const ending of ['.keras', '.h5']) {
        const path = join(folder, `${name}${ending}`);
        await writeModel(retrofit(before), path);
        const plain = join(folder, `${name}-plain${ending}`);
        await writeModel(strip(await readModel(path)), plain);
        const straight = join(folder, `${name}-straight${ending}`);
        await writeModel(before, straight);
        const [left, right] = [await readModel(plain), await readModel(straight)];
        expect(await valuesIn(left)).toEqual(await valuesIn(right));
        expect(left.record).toBeUndefined();
      }
    },
  );
});

async function valuesIn(model: Model): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  await model.withValues(async (values) => {
    const look = async (graph: Model['graph'], path: readonly string[]): Promise<void> => {
      for (const layer of graph.layers) {
        if (layer.graph !== undefined) await look(layer.graph, [...path, layer.name]);
        for (const { name, tensor } of layer.weights) {
          const chunks: Uint8Array[] = [];
          for await (const chunk of values.chunks(tensor)) chunks.push(chunk.slice());
          found.set(weightKey(path, layer.name, name), Buffer.concat(chunks).toString('base64'));
        }
      }
    };
    await look(model.graph, []);
  });
  return found;
}

describe('after training', () => {
  test('the modules whose last projection is not zero any more', async () => {
    const after = retrofit(await readFixture('resnet-v1'));
    const trained = replaceWeights(
      after,
      new Map([[weightKey([], 'se_3_1_expand', 'kernel'), () => new Float32Array(24).fill(-0.5)]]),
    );
    const path = newPath();
    await writeModel(trained, path);
    const model = await readModel(path);
    const { modules } = planStrip(model);
    expect((await listTrained(model, modules)).map(({ name }) => name)).toEqual(['se_3_1']);
    expect(await listTrained(after, planStrip(after).modules)).toEqual([]);
    // What stands beside the modules is what it was before all the same.
    expect(await strippedBytes(trained)).toEqual(await bytesBefore('resnet-v1'));
  });

  test('-0 is zero', async () => {
    const after = retrofit(await readFixture('resnet-v1'));
    const { modules } = planStrip(after);
    const zeros = replaceWeights(
      after,
      new Map(
        modules.map(({ name, channels }) => [
          weightKey([], `${name}_expand`, 'kernel'),
          () => new Float32Array(2 * channels).fill(-0),
        ]),
      ),
    );
    expect(await listTrained(zeros, planStrip(zeros).modules)).toEqual([]);
  });
});

test('modules of other people stay', async () => {
  for (const [name, message] of [
    ['se-already', /\(\d+\) were not put in by se-retrofit/],
    ['resnet-v1', /has no SE modules/],
  ] as const) {
    const model = await readFixture(name);
    expect(() => strip(model)).toThrow(message);
  }
  const partial = retrofit(await readFixture('se-partial'));
  expect(await strippedBytes(partial)).toEqual(await bytesBefore('se-partial'));
});
