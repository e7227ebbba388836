import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { models } from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { RetrofitError } from '../../../src/errors.js';
import { lowerModel } from '../../../src/formats/dialects/lower-graph.js';
import { raiseGraph } from '../../../src/formats/dialects/raise-graph.js';
import { translateGraph } from '../../../src/formats/dialects/translate/translate-graph.js';
import { parseJson } from '../../../src/json/parse-json.js';
import { serializeJson } from '../../../src/json/serialize-json.js';
import type { Loader } from '../../../src/layers/layer-facts.js';
import { tf, useBackend } from '../../support/tensorflow.js';

// Translates the models that make_cases.py left in a folder; check_cases.py loads what comes out with real Keras, and
// TensorFlow.js is here. `TRANSLATE_CASES=FOLDER npx vitest run test/oracle/translate`.

// The Orthogonal initializer calls these as methods, which tfjs-core alone does not give its tensors.
for (const name of ['stridedSlice', 'sign', 'mul', 'transpose', 'reshape'] as const) {
  const operation = tf[name] as (tensor: tf.Tensor, ...rest: unknown[]) => tf.Tensor;
  Object.assign(tf.Tensor.prototype, {
    [name](this: tf.Tensor, ...rest: unknown[]) {
      return operation(this, ...rest);
    },
  });
}
Object.assign(tf.Tensor.prototype, {
  flatten(this: tf.Tensor) {
    return tf.reshape(this, [this.size]);
  },
});

const FOLDER = process.env.TRANSLATE_CASES;
const ONLY = process.env.TRANSLATE_ONLY?.split(',');

interface WeightEntry {
  readonly layer: readonly string[];
  readonly shape: readonly number[];
}

interface ArrayJson {
  readonly shape: number[];
  readonly dtype: string;
  readonly values: number[];
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;

const cases = (FOLDER === undefined ? [] : readdirSync(FOLDER))
  .filter((name) => /^keras[23]\.\w+\.json$/.test(name))
  .map((name) => name.slice(0, -'.json'.length))
  .filter((name) => ONLY === undefined || ONLY.includes(name.split('.')[1]!));

/** What stops the translation, or the text and the new names. */
function translate(name: string, target: Loader) {
  const document = parseJson(readFileSync(join(FOLDER!, `${name}.json`), 'utf8'));
  const { graph, renamed } = translateGraph(raiseGraph(document.root, ''), target);
  const root = lowerModel(graph, { dialect: target === 'keras3' ? 'keras3' : 'keras2' });
  const names = new Map(renamed.map(({ graph: path, before, after }) => [[...path, before].join('/'), after]));
  return { text: serializeJson({ root, lead: '', trail: '' }), renamed: names };
}

async function largestDifference(name: string, text: string, renamed: ReadonlyMap<string, string>): Promise<string> {
  await useBackend('wasm');
  const model = await models.modelFromJSON(JSON.parse(text));
  const { weights, params } = readJson<{ weights: WeightEntry[]; params: number }>(
    join(FOLDER!, `${name}.weights.json`),
  );
  const bytes = readFileSync(join(FOLDER!, `${name}.bin`));
  const given = new Map<string, tf.Tensor[]>();
  let offset = 0;
  for (const { layer, shape } of weights) {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = new Float32Array(
      bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + 4 * length),
    );
    offset += 4 * length;
    const key = JSON.stringify(layer);
    given.set(key, [...(given.get(key) ?? []), tf.tensor(values, [...shape])]);
  }
  for (const [key, tensors] of given) {
    const path = JSON.parse(key) as string[];
    let layer: unknown = model;
    path.forEach((own, depth) => {
      const after = renamed.get(path.slice(0, depth + 1).join('/')) ?? own;
      layer = (layer as { getLayer(name: string): unknown }).getLayer(after);
    });
    (layer as { setWeights(weights: tf.Tensor[]): void }).setWeights(tensors);
  }
  const arrays = (end: string) => readJson<ArrayJson[]>(join(FOLDER!, `${name}.${end}.json`));
  const inputs = arrays('in').map(({ shape, values, dtype }) =>
    tf.tensor(values, shape, dtype.includes('int') ? 'int32' : 'float32'),
  );
  const result = model.predict(inputs.length === 1 ? inputs[0]! : inputs);
  const outputs = Array.isArray(result) ? result : [result];
  let worst = 0;
  for (const [index, { shape, values }] of arrays('out').entries()) {
    expect(outputs[index]!.shape).toEqual(shape);
    const got = outputs[index]!.dataSync();
    const largest = Math.max(...values.map(Math.abs), 1e-30);
    values.forEach((value, at) => {
      worst = Math.max(worst, Math.abs(value - got[at]!) / largest);
    });
  }
  const count = model.countParams();
  model.dispose();
  for (const tensor of [...inputs, ...outputs, ...[...given.values()].flat()]) tensor.dispose();
  return `difference ${worst.toExponential(1)}${count === params ? '' : ` PARAMS ${count}, not ${params}`}${worst <= 1e-5 ? '' : ' TOO MUCH'}`;
}

const TARGETS: readonly Loader[] = ['tfjs', 'keras2', 'keras3'];

test.each(
  cases.flatMap((name) =>
    TARGETS.filter((target) => !name.startsWith(target)).map((target) => [name, target] as const),
  ),
)(
  '%s to %s',
  async (name, target) => {
    const place = join(FOLDER!, `${name}.to-${target}`);
    let said: string;
    try {
      const { text, renamed } = translate(name, target);
      writeFileSync(`${place}.json`, text);
      writeFileSync(`${place}.names`, JSON.stringify(Object.fromEntries(renamed)));
      said = target === 'tfjs' ? await largestDifference(name, text, renamed) : 'written';
    } catch (error) {
      said =
        error instanceof RetrofitError && error.code === 'cannot-convert'
          ? `refused: ${error.where.layer}.${error.where.field}: ${error.message}`
          : `FAILED ${error instanceof Error ? error.stack?.slice(0, 700) : error}`;
    }
    process.stdout.write(`${name}.to-${target}: ${said}\n`);
    expect(said).not.toMatch(/FAILED|TOO MUCH|PARAMS/);
  },
  120_000,
);

test.runIf(cases.length === 0)('no cases are given', () => {
  expect(FOLDER).toBeUndefined();
});
