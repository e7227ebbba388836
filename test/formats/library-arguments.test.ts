import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as library from '../../src/index.js';
import * as web from '../../src/web.js';
import { modelFolder } from '../support/fixtures.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// What programs give by mistake is refused as everything else is, also where the types of TypeScript are not looked at.

const folder = temporaryFolder();
const path = modelFolder('vgg');
const loose = library as unknown as Record<string, (...given: unknown[]) => unknown>;
const looseWeb = web as unknown as Record<string, (...given: unknown[]) => unknown>;

const refused = async (work: () => unknown) =>
  Promise.resolve()
    .then(work)
    .then(
      () => 'accepted',
      (error: unknown) => (error instanceof library.RetrofitError ? `${error.code}: ${error.message}` : error),
    );

describe('the library', async () => {
  const model = await library.readModel(path);
  const output = join(folder, 'out');
  test.each<[string, () => unknown, string | RegExp]>([
    [
      'a dialect',
      () => loose.writeModel!(model, `${output}.keras`, { dialect: 'keras' }),
      /^bad-option: --dialect keras/,
    ],
    ['quantize as a word', () => loose.writeModel!(model, output, { quantize: 'uint8' }), /quantize wants a function/],
    ['a dtype', () => loose.writeModel!(model, output, { quantize: () => 'int8' }), /quantize gives "int8"/],
    [
      'quantize for Keras',
      () => loose.writeModel!(model, `${output}.h5`, { quantize: () => 'uint8' }),
      /TensorFlow.js/,
    ],
    ['shardBytes', () => loose.writeModel!(model, output, { shardBytes: '4 MB' }), /shardBytes wants/],
    ['force', () => loose.writeModel!(model, output, { force: 'yes' }), /force wants true or false/],
    [
      'an option for reading',
      () => loose.readModel!(path, { weight: 'a.h5' }),
      /^bad-option: weight: there is no such/,
    ],
    [
      'an option for a head',
      () => loose.replaceHead!(model, ['a', 'b'], { bias: true }),
      /^bad-option: bias: there is/,
    ],
    ['a seed', () => loose.replaceHead!(model, ['a', 'b'], { seed: -1 }), /^bad-option/],
    ['numbers as classes', () => loose.replaceHead!(model, [1, 2]), /^bad-classes/],
    ['a text as classes', () => loose.replaceHead!(model, 'cat'), /^bad-classes/],
  ])('%s', async (_, work, expected) => {
    expect(await refused(work)).toMatch(expected);
  });

  test('new values that are no Float32Array, at once or when they are made', async () => {
    const layer = model.graph.layers.find(({ weights }) => weights.length > 0)!;
    const key = library.weightKey([], layer.name, layer.weights[0]!.name);
    const values = (given: unknown) => loose.replaceWeights!(model, new Map([[key, given]]));
    expect(await refused(() => values([1, 2]))).toMatch(/^bad-values: .*Float32Array/);
    const late = values(() => [1, 2]) as library.Model;
    expect(await refused(() => library.writeModel(late, output))).toMatch(/^bad-values: .*Float32Array/);
  });

  test("another model's plan", async () => {
    const other = await library.readModel(modelFolder('resnet-v1'));
    const plan = library.planRetrofit(other);
    expect(await refused(() => library.retrofit(model, plan))).toMatch(
      /^bad-option: the plan is that of another model/,
    );
    expect(library.retrofit(other, plan).graph.layers.length).toBeGreaterThan(other.graph.layers.length);
  });
});

describe('the library of the browser', () => {
  const files = ['model.json', 'model.weights.bin'].map(
    (name) => [name, new Uint8Array(readFileSync(join(path, name)))] as const,
  );
  test.each<[string, unknown]>([
    ['an ArrayBuffer', new ArrayBuffer(8)],
    ['a text', '{}'],
    ['nothing', undefined],
  ])('%s as a content', async (_, content) => {
    expect(await refused(() => looseWeb.readModel!([['model.json', content]]))).toMatch(/^bad-content/);
  });

  test.each<[string, unknown]>([
    ['a file alone', new Blob(['{}'])],
    ['files without paths', [new Blob(['{}'])]],
    ['null', null],
  ])('%s as the files', async (_, given) => {
    expect(await refused(() => looseWeb.readModel!(given))).toMatch(/^bad-content: the files are no pairs/);
  });

  test('options', async () => {
    const model = await web.readModel(files);
    expect(await refused(() => looseWeb.readModel!(files, { weight: 'a' }))).toMatch(/^bad-option: weight/);
    expect(await refused(() => looseWeb.convertModel!(model, { dialekt: 'keras3' }))).toMatch(/^bad-option: dialekt/);
    expect(await refused(() => looseWeb.writeModel!(model, { dialect: 'keras' }))).toMatch(/^bad-option: --dialect/);
    expect(await refused(() => looseWeb.writeModel!(model, { quantize: 'uint8' }))).toMatch(/^bad-option: quantize/);
  });
});
