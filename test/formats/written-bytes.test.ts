import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { RetrofitError } from '../../src/errors.js';
import { convertModel } from '../../src/formats/convert-model.js';
import { lowerModel } from '../../src/formats/dialects/lower-graph.js';
import {
  readModel,
  replaceWeights,
  retrofit,
  strip,
  type WriteModelOptions,
  weightKey,
  writeModel,
} from '../../src/index.js';
import type { Plain } from '../../src/json/json-value.js';
import { serializeJson } from '../../src/json/serialize-json.js';
import { listGraphs, type Model, type WrittenFormat } from '../../src/model/model.js';
import { tensorSize } from '../../src/model/tensor.js';
import { type Content, type MemoryStorage, memoryStorage } from '../../src/storage/memory.js';
import { TOOL } from '../../src/tool.js';
import { filesUnder } from '../support/checkpoint-files.js';
import { readText } from '../support/dialects.js';

// What is written, byte for byte: real loaders judge it in test/oracle, and here nothing may change unseen. A change on
// purpose is one of the snapshots: `npx vitest run --project unit test/formats/written-bytes.test.ts -u`.

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex').slice(0, 16);

/** What a step gives, or the reason why it gives nothing. */
async function resultOf(step: () => Promise<string> | string): Promise<string> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof RetrofitError) return `${error.code} ${JSON.stringify(error.where)}`;
    throw error;
  }
}

const FORMATS: Readonly<Record<string, WrittenFormat>> = {
  web: { container: 'tfjs', dialect: 'keras2', weightLayout: 'tfjs-manifest' },
  'keras2.h5': { container: 'keras-h5', dialect: 'keras2', weightLayout: 'legacy-hdf5' },
  'keras2.keras': { container: 'keras-zip', dialect: 'keras2', weightLayout: 'weights-hdf5' },
  'keras3.h5': { container: 'keras-h5', dialect: 'keras3', weightLayout: 'legacy-hdf5' },
  'keras3.keras': { container: 'keras-zip', dialect: 'keras3', weightLayout: 'weights-hdf5' },
};

interface WrittenModel {
  readonly kind: 'keras2' | 'keras3';
  readonly code: string;
  readonly model: Plain;
}

const ARCHITECTURES = JSON.parse(
  readFileSync(join(FIXTURES, 'written-models.json'), 'utf8'),
) as readonly WrittenModel[];

/** The text of an architecture in another format, and what is warned of. */
function converted({ kind, model: json }: WrittenModel, format: WrittenFormat): string {
  const { model } = readText(JSON.stringify(json), 'model', 'keras-json');
  expect(model.format.dialect).toBe(kind);
  const { graph, warnings } = convertModel(model, format);
  const root = lowerModel(graph, format);
  return sha256(serializeJson({ root, lead: '', trail: '' }) + JSON.stringify(warnings));
}

/** What is made last says most; the rest is in a checksum. */
const titleOf = ({ kind, code }: WrittenModel): string =>
  `${kind}, ${sha256(code).slice(0, 6)}: ${code.replaceAll(/\s+/g, ' ').slice(-100)}`;

test.each(ARCHITECTURES.map((written) => [titleOf(written), written] as const))('%s', async (_, written) => {
  const results = [];
  for (const [name, format] of Object.entries(FORMATS))
    results.push(`${name}: ${await resultOf(() => converted(written, format))}`);
  expect(results).toMatchSnapshot();
});

/** The bytes of a file, in which our own version does not count. */
async function bytesOf(content: Content): Promise<Uint8Array> {
  const bytes = Buffer.from(content instanceof Uint8Array ? content : new Uint8Array(await content.arrayBuffer()));
  return Buffer.from(bytes.toString('latin1').replaceAll(TOOL, 'se-retrofit'), 'latin1');
}

/** The files that a write adds. */
async function writtenBytes(storage: MemoryStorage, model: Model, to: string, options: WriteModelOptions) {
  const before = new Set(storage.files.keys());
  await writeModel(model, to, { ...options, storage });
  const added = [...storage.files]
    .filter(([name]) => !before.has(name))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const lines = added.map(async ([name, content]) => `${name} ${sha256(await bytesOf(content))}`);
  return sha256((await Promise.all(lines)).join('\n'));
}

const inFolder = (name: string): readonly string[] => readdirSync(join(FIXTURES, name)).map((own) => `${name}/${own}`);

const MODELS = [
  ...[...inFolder('models'), ...inFolder('converted')],
  ...[...inFolder('checkpoint-layout'), ...inFolder('early-keras3')],
  ...['saved-model/tf-2.1', 'saved-model/tf-2.13', 'saved-model/model.h5', 'emotion-classifier/emotion_model.hdf5'],
  ...['digits/model', 'tensorflow-nodes/net.h5'],
];

/** The model with other values in the first weight of each layer. */
function withOtherValues(model: Model): Model {
  const values = [...listGraphs(model.graph)].flatMap(({ graph, path }) =>
    graph.layers.flatMap(({ name, weights: [weight] }) => {
      if (weight === undefined || !/^float/.test(weight.tensor.dtype)) return [];
      const made = Float32Array.from({ length: tensorSize(weight.tensor) }, (_, index) => index / 8);
      return [[weightKey(path, name, weight.name), made] as const];
    }),
  );
  return replaceWeights(model, new Map(values));
}

const WRITTEN: readonly (readonly [name: string, options: WriteModelOptions])[] = [
  ['web', { to: 'tfjs' }],
  ...(['keras2', 'keras3'] as const).flatMap((dialect) =>
    ['.h5', '.keras'].map((ending) => [`${dialect}${ending}`, { dialect }] as const),
  ),
];

test.each(MODELS)('%s', async (name) => {
  const path = join(FIXTURES, name);
  const isFolder = statSync(path).isDirectory();
  const files = isFolder ? filesUnder(path) : filesUnder(dirname(path));
  const storage = memoryStorage([...files].map(([file, bytes]) => [`in/${file}`, bytes]));
  const results: string[] = [];
  const note = async (step: string, made: Promise<Model>, to: string, options: WriteModelOptions) => {
    const result = await resultOf(async () => writtenBytes(storage, await made, `${step}-${to}`, options));
    results.push(`${step} ${to}: ${result}`);
  };
  const model = readModel(isFolder ? 'in' : `in/${basename(path)}`, { storage });
  for (const [to, options] of WRITTEN) await note('convert', model, to, options);
  const retrofitted = model.then((read) => retrofit(read));
  await note('retrofit', retrofitted, 'web', { to: 'tfjs' });
  await note('retrofit', retrofitted, 'keras2.h5', { dialect: 'keras2' });
  await note('strip', retrofitted.then(strip), 'web', { to: 'tfjs' });
  // In a Keras file new values take the places of the old ones.
  if (!isFolder) await note('replace', model.then(withOtherValues), `own${extname(path)}`, {});
  expect(results).toMatchSnapshot();
});
