import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as library from '../../src/index.js';
import { type Content, convertModel, readModel, retrofit, writeModel } from '../../src/web.js';
import { bytesIn, makeFolders, run } from '../support/cli.js';
import { buildZip } from '../support/zip-builder.js';

// Models inside archives: what is dropped as one zip is the model in it, or is refused by what it is.

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const newFolder = makeFolders();

/** The files at a path in the fixtures, by their names in it. */
function membersOf(input: string, folder: string, method = 0) {
  const path = join(FIXTURES, input);
  if (!statSync(path).isDirectory()) return [{ name: folder, data: readFileSync(path), method }];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(path, name)).isFile() && name !== 'expected.json');
  return files.map((name) => ({ name: folder + name, data: readFileSync(join(path, name)), method }));
}

const JUNK = [
  { name: '__MACOSX/net/._model.json', data: 'junk' },
  { name: '__MACOSX/._net.h5', data: 'junk' },
  { name: '._net.keras', data: 'junk' },
];

const bytesOf = async (content: Content): Promise<Buffer> =>
  Buffer.from(await new Blob([content as Blob]).arrayBuffer());

/** What comes out is what comes of the same files on the disk. */
async function expectSame(archive: Buffer, name: string, input: string): Promise<void> {
  const model = await readModel([[name, new Blob([archive as Uint8Array<ArrayBuffer>])]]);
  const written = await writeModel(retrofit(model, { ratio: 4 }), { to: 'tfjs' });
  const output = join(newFolder(), 'out');
  await library.writeModel(library.retrofit(await library.readModel(join(FIXTURES, input)), { ratio: 4 }), output, {});
  for (const file of readdirSync(output))
    expect((await bytesOf(written.get(file)!)).equals(readFileSync(join(output, file))), file).toBe(true);
}

test.each([
  ['models/resnet-v1', 'net/', 0, 'a folder, as it lies there'],
  ['models/resnet-v1', 'net/', 8, 'a folder, packed'],
  ['models/resnet-v1', '', 8, 'files without a folder'],
  ['saved-model/tf-2.13', 'net/', 8, 'a SavedModel'],
  ['saved-model/model.h5', 'net.h5', 8, 'an .h5 file'],
  ['early-keras3/stacked.keras', 'a/net.keras', 0, 'a .keras file'],
])('%s in an archive, with what macOS adds: %s %d, %s', async (input, folder, method) => {
  await expectSame(buildZip([...JUNK, ...membersOf(input, folder, method)]), 'net.zip', input);
});

test('a .keras file is one whatever it is called', async () => {
  const model = await readModel([
    ['download (1).zip', new Blob([readFileSync(join(FIXTURES, 'early-keras3/stacked.keras'))])],
  ]);
  expect([model.path, model.format.container]).toEqual(['download (1).zip', 'keras-zip']);
});

test('files without a folder get the name of their archive', async () => {
  const archive = buildZip(membersOf('models/resnet-v1', ''));
  const model = await readModel([['my net.zip', new Blob([archive as Uint8Array<ArrayBuffer>])]]);
  expect(model.path).toBe('my net/model.json');
});

test.each([
  ['damaged weights', () => damaged(membersOf('models/resnet-v1', 'net/')), 'bad-zip'],
  ['a file outside of it', () => buildZip([{ name: '../model.json', data: '{}' }]), 'unsafe-path'],
  [
    'no model',
    () =>
      buildZip([
        { name: 'cat.png', data: 'x' },
        { name: 'dog.png', data: 'y' },
      ]),
    'not-a-model',
  ],
  [
    'two models',
    () => buildZip([...membersOf('models/vgg', 'a/'), ...membersOf('models/vgg', 'b/')]),
    'several-models',
  ],
  ['a PyTorch file', () => buildZip([{ name: 'net/data.pkl', data: 'x' }]), 'pytorch'],
  ['nothing', () => buildZip([]), 'not-a-model'],
])('an archive with %s is refused', async (_, build, code) => {
  const blob = new Blob([build() as Uint8Array<ArrayBuffer>]);
  await expect(readModel([['net.zip', blob]])).rejects.toMatchObject({ code });
});

/** One byte of a weight is another one. */
function damaged(members: ReturnType<typeof membersOf>): Buffer {
  const archive = buildZip(members);
  const shard = members.find(({ name }) => name.endsWith('.bin'))!;
  const at = archive.indexOf(shard.data.subarray(0, 64));
  archive[at + 5]! ^= 1;
  return archive;
}

test('what was saved by an early Keras 3 is converted for the one of today, as the command line does', async () => {
  const path = join(FIXTURES, 'early-keras3/stacked.keras');
  const request = { output: 'out.h5', to: 'keras-h5', dialect: 'keras3' } as const;
  const model = await readModel([['stacked.keras', new Blob([readFileSync(path)])]]);
  const files = await writeModel(convertModel(model, request), request);
  const folder = newFolder();
  expect((await run(['convert', path, '-o', join(folder, 'out.h5'), '--quiet'])).code).toBe(0);
  expect((await bytesOf(files.get('out.h5')!)).equals(readFileSync(join(folder, 'out.h5')))).toBe(true);
  expect(bytesIn(folder).size).toBe(1);
});

test('warnings of what is written are told', async () => {
  const model = await readModel([['net.h5', new Blob([readFileSync(join(FIXTURES, 'saved-model/model.h5'))])]]);
  const told: string[] = [];
  await writeModel(
    { ...model, kerasVersion: '2.13.1' },
    { to: 'keras-zip', dialect: 'keras2', onWarning: ({ code }) => told.push(code) },
  );
  expect(told).toEqual(['layout-too-new']);
});
