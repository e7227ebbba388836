import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { RetrofitError } from '../../src/errors.js';
import * as library from '../../src/index.js';
import { writeZip } from '../../src/storage/node/zip/zip-writer.js';
import { type Content, planWithWeights, readModel, retrofit, strip, writeModel, zipFiles } from '../../src/web.js';
import { bytesIn, makeFolders } from '../support/cli.js';
import { MODEL_NAMES, modelFolder } from '../support/fixtures.js';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));
const newFolder = makeFolders();

/** A fixture as a browser has it: blobs by their paths. */
const filesOf = (name: string): readonly (readonly [string, Blob])[] =>
  readdirSync(modelFolder(name), { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'expected.json')
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path.slice(modelFolder(name).length - name.length), new Blob([readFileSync(path)])]);

const bytesOf = async (content: Content): Promise<Buffer> =>
  Buffer.from(await new Blob([content as Blob]).arrayBuffer());

async function digests(files: Iterable<readonly [string, Content]>): Promise<ReadonlyMap<string, string>> {
  const folder = newFolder();
  for (const [name, content] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), await bytesOf(content));
  }
  return bytesIn(folder);
}

const codeOr = async <T>(work: () => Promise<T>): Promise<T | string> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RetrofitError) return error.code;
    throw error;
  }
};

const OPTIONS = { ratio: 4, skipStages: ['last'] } as const;

describe.each(MODEL_NAMES)('%s', (name) => {
  test('comes out of memory as it comes off the disk, or is refused for the same reason', async () => {
    const inMemory = await codeOr(async () =>
      digests(await writeModel(retrofit(await readModel(filesOf(name)), OPTIONS))),
    );
    const onDisk = await codeOr(async () => {
      const output = join(newFolder(), 'out');
      await library.writeModel(library.retrofit(await library.readModel(modelFolder(name)), OPTIONS), output);
      return bytesIn(output);
    });
    expect(inMemory).toEqual(onDisk);
  });
});

test('what was written is read again, and stripped again', async () => {
  const before = await readModel(filesOf('resnet-v1'));
  const after = await writeModel(retrofit(before, await planWithWeights(before, { ratio: 8 })));
  expect([...after.keys()]).toContain('se_modules.bin');
  const plain = await writeModel(strip(await readModel(after)));
  expect(await digests(plain)).toEqual(
    await digests(filesOf('resnet-v1').map(([path, blob]) => [path.slice('resnet-v1/'.length), blob])),
  );
});

test('a conversion may be called what the model was called', async () => {
  const [[name, content] = expect.fail()] = await writeModel(await readModel(filesOf('resnet-v1')), {
    to: 'keras-h5',
    dialect: 'keras2',
    output: 'net.h5',
  });
  expect(name).toBe('net.h5');
  const model = await readModel([[name, content]]);
  const format = { to: 'keras-h5', dialect: 'keras3' } as const;
  const again = await writeModel(model, { ...format, output: name });
  expect((await readModel([...again])).format.dialect).toBe('keras3');
  const folder = await writeModel(await readModel(filesOf('resnet-v1')), { output: 'resnet-v1', to: 'tfjs' });
  expect([...folder.keys()]).toContain('model.json');
  await expect(writeModel(model, { to: 'onnx' as 'tfjs' })).rejects.toMatchObject({ code: 'bad-option' });
});

test('of a model and those in folders beside it, the outermost is meant', async () => {
  const inner = filesOf('vgg').map(([path, blob]) => [`resnet-v1/model-se/${path}`, blob] as const);
  expect((await readModel([...inner, ...filesOf('resnet-v1')])).path).toBe('resnet-v1/model.json');
});

test('an archive is the one that the command line would write', async () => {
  const files = filesOf('weird-names');
  const path = join(newFolder(), 'net.zip');
  const members = await Promise.all(
    files.map(async ([name, blob]) => ({ name, byteLength: blob.size, chunks: [await bytesOf(blob)] })),
  );
  await writeZip(path, members, async () => {});
  expect((await bytesOf(await zipFiles(files))).equals(readFileSync(path))).toBe(true);
});

test.each([
  ['a name that leads out', ['../a']],
  ['a name twice', ['a/b', 'a/b']],
  ['an absolute name', ['/a']],
  ['no name', ['']],
])('no archive is made of %s', async (_, names) => {
  const files = names.map((name) => [name, new Blob(['x'])] as const);
  await expect(zipFiles(files)).rejects.toMatchObject({ name: 'RetrofitError', code: 'bad-path' });
});

test.each([
  [
    'no model among the files',
    [
      ['group1-shard1of1.bin', new Blob(['x'])],
      ['x.txt', new Blob([])],
    ],
    'not-a-model',
  ],
  ['nothing at all', [], 'not-a-model'],
  [
    'two models',
    [
      ['a/model.json', new Blob(['{}'])],
      ['b/model.json', new Blob(['{}'])],
    ],
    'several-models',
  ],
  ['a picture', [['cat.png', new Blob(['\x89PNG'])]], 'not-a-model'],
  ['a damaged .keras file', [['net.keras', new Blob(['PK\x03\x04'])]], 'bad-zip'],
  [
    'a damaged .h5 file',
    [['net.h5', new Blob([new Uint8Array(Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'))])]],
    'bad-hdf5',
  ],
  [
    'a .keras file beside a model.json',
    [
      ['net.keras', new Blob(['PK\x03\x04'])],
      ['model.json', new Blob(['{}'])],
    ],
    'several-models',
  ],
  [
    'two .h5 files',
    [
      ['a.h5', new Blob(['x'])],
      ['b.h5', new Blob(['x'])],
    ],
    'several-models',
  ],
] as const)('%s is refused', async (_, files, code) => {
  await expect(readModel(files)).rejects.toMatchObject({ code });
});

test('a model.json without its weight files is refused by the name of the first', async () => {
  const only = filesOf('resnet-v1').filter(([path]) => path.endsWith('.json'));
  await expect(readModel(only)).rejects.toMatchObject({ code: 'weights-missing', message: /group1-shard1of3\.bin/ });
});

/** What a bundle for browsers still has to import from elsewhere. */
async function importsOf(file: string): Promise<readonly string[]> {
  const bundle = await rolldown({
    input: join(SRC, file),
    platform: 'browser',
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    external: (id) => id.startsWith('node:'),
    logLevel: 'silent',
  });
  const { output } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  const own = new Set(output.map(({ fileName }) => fileName));
  return output
    .flatMap((chunk) => (chunk.type === 'chunk' ? [...chunk.imports, ...chunk.dynamicImports] : []))
    .filter((name) => !own.has(name));
}

test('nothing of Node is in what a browser gets', async () => {
  expect(await importsOf('web.ts')).toEqual([]);
  expect(await importsOf('storage/node/node-storage.ts')).toContain('node:fs/promises');
});
