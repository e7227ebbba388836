import { copyFileSync, cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { RetrofitError } from '../../../src/errors.js';
import { readModel, retrofit, writeModel } from '../../../src/index.js';
import { nodeStorage } from '../../../src/storage/node/node-storage.js';
import { allValues } from '../../support/all-values.js';
import { makeFolders, namesIn } from '../../support/cli.js';
import { runHere } from '../../support/cli-here.js';
import { editCopy, readFileWith } from '../../support/hdf5-files.js';
import { isAll } from '../../support/is-all.js';

// Weights that Keras 3 saved in several files, with a list of what lies in which: they are read as the one file that they
// would be, and written as one.

const FIXTURE = fileURLToPath(new URL('../../../fixtures/sharded', import.meta.url));
const LIST = 'net.weights.json';
const newFolder = makeFolders();

/** A copy of the fixture: `net.json`, its list, its shards. */
function copyFixture(): string {
  const folder = newFolder();
  cpSync(FIXTURE, folder, { recursive: true });
  return folder;
}

const read = (folder: string, weights = LIST) =>
  readModel(join(folder, 'net.json'), { weights: join(folder, weights) });
const whole = () => read(FIXTURE, 'whole.weights.h5');

describe('sharded weights', () => {
  test('are those of the one file, named by their list, by a shard, or lying beside the architecture', async () => {
    const expected = await allValues(await whole());
    for (const weights of [LIST, 'net_00003.weights.h5']) {
      const model = await read(FIXTURE, weights);
      expect(model.format).toEqual({ container: 'keras-json', dialect: 'keras3', weightLayout: 'weights-hdf5' });
      expect(await allValues(model)).toEqual(expected);
      expect(model.files).toHaveLength(8);
      expect(model.warnings.map(({ code }) => code)).toEqual(['optimizer-dropped']);
    }
    expect(await allValues(await readModel(join(FIXTURE, 'net.json')))).toEqual(expected);
  });

  test('every command takes them, and writes one file', async () => {
    const folder = copyFixture();
    const run = async (...words: readonly string[]) => {
      const { code, stdout } = await runHere([...words, '--json'], { cwd: folder });
      return { code, report: JSON.parse(stdout) };
    };
    const flags = ['net.json', '-w', LIST];
    expect(await run('inspect', ...flags)).toMatchObject({ code: 0, report: { input: { path: 'net.json' } } });
    expect(await run(...flags)).toMatchObject({
      code: 0,
      report: { output: { files: ['net-se.json', 'net-se.weights.h5'] } },
    });
    expect(await run('verify', 'net.json', 'net-se.json', '--backend', 'cpu', '--samples', '1')).toMatchObject({
      code: 0,
      report: { identical: true },
    });
    expect(await run('strip', 'net-se.json', '-o', 'plain.json')).toMatchObject({ code: 0 });
    expect(await run('convert', ...flags, '-o', 'net.keras')).toMatchObject({ code: 0 });
    const expected = await allValues(await whole());
    for (const name of ['plain.json', 'net.keras'])
      expect(await allValues(await readModel(join(folder, name)))).toEqual(expected);
    const [one, other] = [join(folder, 'one.keras'), join(folder, 'other.keras')];
    await writeModel(retrofit(await whole()), one);
    await writeModel(retrofit(await read(folder)), other);
    expect(await allValues(await readModel(other))).toEqual(await allValues(await readModel(one)));
  });

  test('in the folder of an unzipped archive', async () => {
    const folder = copyFixture();
    mkdirSync(join(folder, 'hub'));
    const at = (name: string) => join(folder, 'hub', name);
    renameSync(join(folder, 'net.json'), at('config.json'));
    writeFileSync(at('metadata.json'), '{"keras_version": "3.15.1"}');
    for (const name of namesIn(folder).filter((each) => each.startsWith('net')))
      copyFileSync(join(folder, name), at(name));
    renameSync(at(LIST), at('model.weights.json'));
    const model = await readModel(join(folder, 'hub'));
    expect(await allValues(model)).toEqual(await allValues(await whole()));
    const { path } = await writeModel(model, join(folder, 'out.keras'));
    const zip = await nodeStorage.openZip(await nodeStorage.findFile(path));
    expect(zip.members.map(({ name }) => name).toSorted()).toEqual([
      'config.json',
      'metadata.json',
      'model.weights.h5',
    ]);
  });

  test('a list is no model', async () => {
    await expect(readModel(join(FIXTURE, LIST))).rejects.toMatchObject({ code: 'no-architecture' });
  });

  test('a file that only looks like a shard is read as it is', async () => {
    const folder = copyFixture();
    renameSync(join(folder, 'whole.weights.h5'), join(folder, 'net_00042.weights.h5'));
    const expected = await allValues(await whole());
    expect(await allValues(await read(folder, 'net_00042.weights.h5'))).toEqual(expected);
    copyFileSync(join(folder, 'net.json'), join(folder, LIST));
    expect(await allValues(await read(folder, 'net_00042.weights.h5'))).toEqual(expected);
  });
});

interface List {
  metadata: { total_size: unknown };
  weight_map: Record<string, unknown>;
}
const KERNEL = '/layers/conv2d/vars';
const shard = (index: number) => `net_0000${index}.weights.h5`;

async function expectRefused(folder: string, code: string, words: RegExp): Promise<void> {
  const error = await read(folder)
    .then(allValues)
    .then(
      () => undefined,
      (found: unknown) => found,
    );
  expect(error).toBeInstanceOf(RetrofitError);
  const { message, hint, where } = error as RetrofitError;
  expect({ code: (error as RetrofitError).code, message }).toEqual({ code, message: expect.stringMatching(words) });
  expect(message).not.toContain('\n');
  expect(hint).toMatch(/\w{3,}/);
  expect(where.file).toMatch(/net(_0000\d)?[.]|other/);
}

describe('a hostile list', () => {
  test.each<readonly [name: string, spoil: (list: List) => unknown, code: string, words: RegExp]>([
    ['that leads out', ({ weight_map: map }) => (map[KERNEL] = '../net_00000.weights.h5'), 'unsafe-path', /leads out/],
    ['that leads to the root', ({ weight_map: map }) => (map[KERNEL] = ['/etc/passwd']), 'unsafe-path', /leads out/],
    ['with backslashes', ({ weight_map: map }) => (map[KERNEL] = '..\\x.weights.h5'), 'unsafe-path', /leads out/],
    ['with a drive', ({ weight_map: map }) => (map[KERNEL] = 'C:x.weights.h5'), 'unsafe-path', /leads out/],
    ['of a folder', ({ weight_map: map }) => (map[KERNEL] = '..'), 'unsafe-path', /leads out/],
    ['of no name', ({ weight_map: map }) => (map[KERNEL] = ''), 'bad-manifest', /name of a file/],
    ['of a number', ({ weight_map: map }) => (map[KERNEL] = [7]), 'bad-manifest', /name of a file/],
    ['of an object', ({ weight_map: map }) => (map[KERNEL] = { file: shard(0) }), 'bad-manifest', /name of a file/],
    ['of a file that is not there', ({ weight_map: map }) => (map[KERNEL] = shard(9)), 'weights-missing', /00009/],
    ['of no file', ({ weight_map: map }) => (map[KERNEL] = []), 'weights-mismatch', /does not seek there/],
    ['without a layer', ({ weight_map: map }) => delete map[KERNEL], 'weights-mismatch', /does not seek there/],
    ['with a wrong shard', ({ weight_map: map }) => (map[KERNEL] = shard(1)), 'weights-mismatch', /does not seek/],
    [
      'with a shard too many',
      ({ weight_map: map }) => (map[KERNEL] = [shard(0), shard(1)]),
      'weights-mismatch',
      /which the map lists/,
    ],
    [
      'with a layer too many',
      ({ weight_map: map }) => (map['/layers/more/vars'] = shard(0)),
      'weights-mismatch',
      /which the map lists/,
    ],
    [
      'of too many files',
      ({ weight_map: map }) => (map[KERNEL] = Array.from({ length: 1000 }, (_, index) => `${index}`)),
      'bad-manifest',
      /are the most/,
    ],
    ['with a wrong size', ({ metadata }) => (metadata.total_size = 1e6), 'weights-size', /are to hold 1000000/],
    ['with a size that is none', ({ metadata }) => (metadata.total_size = '5 GB'), 'bad-manifest', /no number/],
    ['without weights', (list) => (list.weight_map = {}), 'bad-manifest', /lists no weights/],
    [
      'of a list',
      (list) => ((list as { weight_map: unknown }).weight_map = [shard(0)]),
      'bad-manifest',
      /lists no weights/,
    ],
    [
      'with a trap for JavaScript',
      ({ weight_map: map }) => Object.defineProperty(map, '__proto__', { value: shard(0), enumerable: true }),
      'weights-mismatch',
      /__proto__/,
    ],
  ])('%s', async (_, spoil, code, words) => {
    const folder = copyFixture();
    const list = JSON.parse(readFileSync(join(folder, LIST), 'utf8')) as List;
    spoil(list);
    writeFileSync(join(folder, LIST), JSON.stringify(list));
    await expectRefused(folder, code, words);
  });

  test('that is damaged, or says a thing twice', async () => {
    const folder = copyFixture();
    const text = readFileSync(join(folder, LIST), 'utf8');
    writeFileSync(join(folder, LIST), text.slice(0, 200));
    await expectRefused(folder, 'bad-json', /./);
    writeFileSync(join(folder, LIST), text.replace('"weight_map": {', `"weight_map": {"${KERNEL}": "${shard(0)}",`));
    await expectRefused(folder, 'bad-json', /duplicate key/);
  });
});

describe('a shard', () => {
  const empty = new Uint8Array();
  test.each<readonly [name: string, bytes: Uint8Array, code: string, words: RegExp]>([
    ['that is empty', empty, 'bad-hdf5', /./],
    ['that is cut short', readFileSync(join(FIXTURE, shard(1))).subarray(0, 9000), 'bad-hdf5', /./],
    ['that is another', readFileSync(join(FIXTURE, shard(3))), 'weights-mismatch', /does not seek there/],
    ['that is all of them', readFileSync(join(FIXTURE, 'whole.weights.h5')), 'weights-mismatch', /does not seek there/],
  ])('%s', async (_, bytes, code, words) => {
    const folder = copyFixture();
    writeFileSync(join(folder, shard(1)), bytes);
    await expectRefused(folder, code, words);
  });

  test.each<readonly [path: string, code: string, words: RegExp]>([
    ['/layers/functional/layers/batch_normalization_2/vars/9', 'weights-size', /are to hold/],
    ['/layers/other/vars/0', 'weights-mismatch', /other.*does not seek there/],
    ['/layers/functional/layers/batch_normalization_2/vars/TWICE', 'weights-mismatch', /two shards hold/],
  ])('with %s besides', async (place, code, words) => {
    const folder = copyFixture();
    const group = place.slice(0, place.lastIndexOf('/'));
    const elsewhere = await readFileWith(join(folder, shard(0)), (file) => (file.has(group) ? file.list(group) : []));
    const path = place.replace('TWICE', String(elsewhere[0]?.name));
    const changed = await editCopy(join(folder, shard(1)), newFolder(), 'changed.h5', (editor) =>
      editor.makeDataset(path, 'float32', [6], [new Uint8Array(24)]),
    );
    copyFileSync(changed, join(folder, shard(1)));
    await expectRefused(folder, code, words);
  });

  // No checksum tells of a changed number; the answer is a refusal or a model, and never a defect.
  test('with bytes changed by a seeded generator', { timeout: 600_000 }, async () => {
    const folder = copyFixture();
    const random = generator(20_261_128);
    const names = namesIn(folder).filter((name) => name === LIST || /^net_/.test(name));
    const found = { refused: 0, read: 0 };
    for (let count = 0; count < (isAll ? 3000 : 80); count++) {
      const name = names[random(names.length)]!;
      const bytes = readFileSync(join(FIXTURE, name));
      const at = random(Math.min(bytes.length, 4000));
      writeFileSync(join(folder, name), random(4) === 0 ? bytes.subarray(0, at) : bytes.with(at, random(256)));
      try {
        await allValues(await read(folder));
        found.read++;
      } catch (error) {
        if (!(error instanceof RetrofitError) || error.kind !== 'input') throw error;
        found.refused++;
      }
      writeFileSync(join(folder, name), bytes);
    }
    expect(found.refused).toBeGreaterThan(0);
    expect(found.read).toBeGreaterThan(0);
  });
});

/** Park and Miller's. */
function generator(seed: number): (below: number) => number {
  let state = seed % 2_147_483_647;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}
