import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readModel, retrofit, writeModel } from '../../../src/index.js';
import { nodeStorage } from '../../../src/storage/node/node-storage.js';
import { makeFolders, namesIn } from '../../support/cli.js';
import { runHere } from '../../support/cli-here.js';
import { modelFolder } from '../../support/fixtures.js';

// What `save(zipped=False)` writes is what an archive holds, in a folder.

const newFolder = makeFolders();
const MEMBERS = ['config.json', 'metadata.json', 'model.weights.h5'];

/** A folder with a model, `net`, and the same as an archive, `zipped.keras`. */
async function makeUnzipped(): Promise<string> {
  const folder = newFolder();
  await writeModel(await readModel(modelFolder('resnet-dropout')), join(folder, 'zipped.keras'));
  const zip = await nodeStorage.openZip(await nodeStorage.findFile(join(folder, 'zipped.keras')));
  mkdirSync(join(folder, 'net'));
  for (const member of zip.members) writeFileSync(join(folder, 'net', member.name), await zip.read(member, 2 ** 24));
  expect(namesIn(join(folder, 'net')).toSorted()).toEqual(MEMBERS);
  return folder;
}

const json = async (folder: string, ...words: readonly string[]) => {
  const { code, stdout } = await runHere([...words, '--json'], { cwd: folder });
  return { code, report: JSON.parse(stdout) };
};

test('a folder, and its config.json, is read as the archive that it would be', async () => {
  const folder = await makeUnzipped();
  const expected = await writeModel(retrofit(await readModel(join(folder, 'zipped.keras'))), join(folder, 'a.keras'));
  for (const [index, place] of ['net', 'net/config.json'].entries()) {
    const model = await readModel(join(folder, place));
    expect(model.format).toEqual({ container: 'keras-zip', dialect: 'keras3', weightLayout: 'weights-hdf5' });
    const { path } = await writeModel(retrofit(model), join(folder, `b${index}.keras`));
    expect(readFileSync(path).equals(readFileSync(expected.path))).toBe(true);
  }
});

test('every command takes it, and writes beside it', async () => {
  const folder = await makeUnzipped();
  expect(await json(folder, 'inspect', 'net')).toMatchObject({ code: 0, report: { input: { path: 'net' } } });
  expect(await json(folder, 'net')).toMatchObject({
    code: 0,
    report: { output: { path: 'net-se.keras' } },
  });
  expect(await json(folder, 'convert', 'net', '-o', 'tfjs')).toMatchObject({ code: 0 });
  const verified = await json(folder, 'verify', 'net', 'net-se.keras', '--backend', 'cpu', '--samples', '1');
  expect(verified).toMatchObject({ code: 0, report: { identical: true } });
  const plain = await json(folder, 'strip', 'net-se.keras', '-o', 'plain.keras');
  expect(plain).toMatchObject({ code: 0 });
  renameSync(join(folder, 'net'), join(folder, 'named.keras'));
  expect(await json(folder, 'named.keras')).toMatchObject({
    report: { output: { path: 'named-se.keras' } },
  });
});

test('vocabularies go along, whatever else lies there does not', async () => {
  const folder = await makeUnzipped();
  const vocabulary = join(folder, 'net/assets/layers/lookup/vocabulary.txt');
  mkdirSync(dirname(vocabulary), { recursive: true });
  writeFileSync(vocabulary, 'a\nb\n');
  writeFileSync(join(folder, 'net/README.md'), 'mine');
  const { path } = await writeModel(retrofit(await readModel(join(folder, 'net'))), join(folder, 'out.keras'));
  const zip = await nodeStorage.openZip(await nodeStorage.findFile(path));
  expect(zip.members.map(({ name }) => name)).toEqual([
    'metadata.json',
    'config.json',
    'model.weights.h5',
    'assets/layers/lookup/vocabulary.txt',
  ]);
  expect(Buffer.from(await zip.read(zip.members[3]!, 100)).toString()).toBe('a\nb\n');
});

test('weights of its own are not given twice, but an architecture may have others', async () => {
  const folder = await makeUnzipped();
  const weights = join(folder, 'net/model.weights.h5');
  await expect(readModel(join(folder, 'net'), { weights })).rejects.toMatchObject({ code: 'weights-not-used' });
  const { format } = await readModel(join(folder, 'net/config.json'), { weights });
  expect(format.container).toBe('keras-json');
});

type Damage = readonly [name: string, damage: (net: string) => void, code: string, file: string, field: string | null];

const replaceBy = (name: string, put: (path: string) => void) => (net: string) => {
  renameSync(join(net, name), join(net, '..', name));
  put(join(net, name));
};
const linkTo = (name: string) => replaceBy(name, (path) => symlinkSync(join('..', name), path));
const asFolder = (name: string) => replaceBy(name, (path) => mkdirSync(path));
const withAsset = (put: (path: string) => void) => (net: string) => {
  mkdirSync(join(net, 'assets'));
  put(join(net, 'assets/vocabulary.txt'));
};

test.each<Damage>([
  ['an architecture that is a link', linkTo('config.json'), 'unsafe-path', 'net/config.json', null],
  ['metadata that is a link', linkTo('metadata.json'), 'unsafe-path', 'net/metadata.json', null],
  ['weights that are a link', linkTo('model.weights.h5'), 'unsafe-path', 'net/model.weights.h5', null],
  ['weights that are a folder', asFolder('model.weights.h5'), 'not-a-file', 'net/model.weights.h5', null],
  [
    'a vocabulary that is a link',
    withAsset((path) => symlinkSync('../config.json', path)),
    'unsafe-path',
    'net/assets/vocabulary.txt',
    null,
  ],
  [
    'assets that are a folder elsewhere',
    (net) => {
      mkdirSync(join(net, '../other'));
      writeFileSync(join(net, '../other/secret.txt'), 'secret');
      symlinkSync('../other', join(net, 'assets'));
    },
    'unsafe-path',
    'net/assets/secret.txt',
    null,
  ],
  ['no weights', (net) => rmSync(join(net, 'model.weights.h5')), 'bad-weights', 'net', 'model.weights.h5'],
  [
    'weights of NumPy',
    (net) => renameSync(join(net, 'model.weights.h5'), join(net, 'model.weights.npz')),
    'bad-weights',
    'net',
    'model.weights.h5',
  ],
  [
    'weights that are cut off',
    (net) =>
      writeFileSync(join(net, 'model.weights.h5'), readFileSync(join(net, 'model.weights.h5')).subarray(0, 5000)),
    'bad-hdf5',
    'net/model.weights.h5',
    null,
  ],
  [
    'metadata that is no JSON',
    (net) => writeFileSync(join(net, 'metadata.json'), '{'),
    'bad-json',
    'net',
    'metadata.json',
  ],
  [
    'a key twice',
    (net) => {
      const path = join(net, 'config.json');
      writeFileSync(path, readFileSync(path, 'utf8').replace('"class_name"', '"class_name":"Model","class_name"'));
    },
    'bad-json',
    'net/config.json',
    'class_name',
  ],
])('%s: refused', async (_, damage, code, file, field) => {
  const folder = await makeUnzipped();
  damage(join(folder, 'net'));
  const before = namesIn(folder);
  const { report } = await json(folder, 'net');
  expect(report.error).toMatchObject({ code, where: { file: expect.stringMatching(new RegExp(`${file}$`)), field } });
  expect(namesIn(folder)).toEqual(before);
});

test('links to files are admitted where they are trusted', async () => {
  const folder = await makeUnzipped();
  linkTo('model.weights.h5')(join(folder, 'net'));
  await expect(readModel(join(folder, 'net'), { allowLinks: true })).resolves.toBeDefined();
  const named = join(folder, 'link');
  symlinkSync('net', named);
  rmSync(join(folder, 'net/model.weights.h5'));
  renameSync(join(folder, 'model.weights.h5'), join(folder, 'net/model.weights.h5'));
  await expect(readModel(named)).resolves.toBeDefined();
});

test('the input is not written, whatever the output is called', async () => {
  const folder = await makeUnzipped();
  for (const output of ['net', 'net/model.json']) {
    const { report } = await json(folder, 'convert', 'net', '-o', output, '--force');
    expect(report.error.code).toBe('output-is-input');
  }
  const { report } = await json(folder, 'convert', 'net', '-o', 'net/model.weights.h5', '--force');
  expect(report.error.code).toBe('output-is-input');
});
