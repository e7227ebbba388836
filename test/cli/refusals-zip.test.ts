import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFolders, run } from '../support/cli.js';
import { hdf5Fixture, readFileWith } from '../support/hdf5-files.js';
import { type BuiltArchive, type BuiltMember, buildZip, endOf } from '../support/zip-builder.js';
import { expectRefused, NET, type Refusal } from './refused.js';

// docs/HOSTILE.md, the rows that speak of archives, through the command line. The model in them is that of the HDF5 tests.

const newFolder = makeFolders();
const FILE = 'model.keras';
const WEIGHTS = 'model.weights.h5';
const CONFIG = await readFileWith(hdf5Fixture('model.h5'), (file) => file.readText('/', 'model_config')!);

const metadata: BuiltMember = { name: 'metadata.json', data: '{"keras_version": "2.15.0"}' };
const config: BuiltMember = { name: 'config.json', data: CONFIG };
const weights: BuiltMember = { name: WEIGHTS, data: readFileSync(hdf5Fixture('model.h5')) };

/** An archive in a folder, out of these members. */
function writeZip(folder: string, members: readonly BuiltMember[], options: BuiltArchive = {}): string {
  mkdirSync(join(folder, NET));
  const path = join(folder, NET, FILE);
  writeFileSync(path, buildZip(members, options));
  return path;
}

const withConfig = (change: Partial<BuiltMember>) => [metadata, { ...config, ...change }, weights];
const withMember = (member: BuiltMember) => [metadata, config, weights, member];
const withModel = (change: (text: string) => string) => withConfig({ data: change(CONFIG) });
const withWeights = (fixture: string) => [metadata, config, { ...weights, data: readFileSync(hdf5Fixture(fixture)) }];

async function expectNo(
  members: readonly BuiltMember[],
  refusal: Refusal,
  options: BuiltArchive = {},
  flags: readonly string[] = [],
): Promise<void> {
  const folder = newFolder();
  await expectRefused(folder, [writeZip(folder, members, options), ...flags], { file: FILE, ...refusal });
}

test('the archive is right but for what the rows do to it', async () => {
  const folder = newFolder();
  expect(await run([writeZip(folder, [metadata, config, weights]), '--at', 'conv', '--quiet'])).toMatchObject({
    code: 0,
  });
});

describe('members that lead elsewhere (row 16)', () => {
  test.each([
    '../evil',
    '/etc/cron.d/evil',
    'assets/../../evil',
    'C:\\evil',
    'assets\\..\\evil',
    'a\nb',
    'a\u001b[31mb',
  ])('%j', async (name) => {
    await expectNo(withMember({ name, data: 'x' }), { code: 'unsafe-path', field: name, words: [/./] });
  });

  test('a symbolic link', async () => {
    const inRecord = (record: Buffer) => void record.writeUInt32LE(0o120777 * 2 ** 16, 38);
    const link: BuiltMember = { name: 'assets', data: '/etc/passwd', inRecord };
    await expectNo(withMember(link), { code: 'unsafe-path', field: 'assets', words: [/instead of a file/] });
  });
});

describe('members that contradict themselves or each other (rows 14 and 16)', () => {
  const both = (at: number, value: number): Partial<BuiltMember> => ({
    inHeader: (header) => void header.writeUInt16LE(value, at),
    inRecord: (record) => void record.writeUInt16LE(value, at + 2),
  });
  const declared = (size: number): Partial<BuiltMember> => ({
    inHeader: (header) => void header.writeUInt32LE(size, 22),
    inRecord: (record) => void record.writeUInt32LE(size, 24),
  });
  const bomb = `${CONFIG}${' '.repeat(17 * 2 ** 20)}`;

  test.each<[name: string, change: Partial<BuiltMember>, words: RegExp]>([
    ['another name before the data', { inHeader: (header) => void header.write('konfig', 30) }, /one name/],
    [
      'a wrong checksum',
      { inHeader: (h) => void h.writeUInt32LE(7, 14), inRecord: (r) => void r.writeUInt32LE(7, 16) },
      /checksum is wrong/,
    ],
    ['encryption', { flags: 1 }, /encrypted/],
    ['an unknown compression', both(8, 14), /method 14/],
    ['more than it declares', { ...declared(100), method: 8 }, /more than the 100 bytes/],
    ['a bomb', { data: bomb, method: 8 }, /more than 100 times/],
    ['compressed bytes that are none', { method: 8, packed: Buffer.alloc(20, 0xff) }, /is damaged/],
    ['another part of several', { inRecord: (record) => void record.writeUInt16LE(1, 34) }, /another part/],
    ['a broken zip64 field', { inRecord: (record) => void record.fill(0xff, 24, 28) }, /missing, damaged/],
  ])('%s', async (_, change, words) => {
    await expectNo(withConfig(change), { code: 'bad-zip', field: 'config.json', words: [words] });
  });

  test('two members of one name', async () => {
    await expectNo(withMember(config), { code: 'bad-zip', field: 'config.json', words: [/two members/] });
  });

  test('members that overlap', async () => {
    const inner = buildZip([config]).subarray(0, 30 + 'config.json'.length + CONFIG.length);
    const within = { ...config, inRecord: (record: Buffer) => void record.writeUInt32LE(35, 42) };
    const refusal = { code: 'bad-zip', field: 'outer', words: [/overlaps the member "config.json"/] };
    await expectNo([{ name: 'outer', data: inner }, within, weights], refusal);
  });

  test('an archive of several disks, and one that is cut short', async () => {
    const end: BuiltArchive['end'] = (facts) => {
      const record = endOf(facts);
      record.writeUInt16LE(1, 4);
      return record;
    };
    await expectNo([metadata, config, weights], { code: 'bad-zip', words: [/one part of several/] }, { end });
    const folder = newFolder();
    const path = writeZip(folder, [metadata, config, weights]);
    writeFileSync(path, readFileSync(path).subarray(0, -30));
    await expectRefused(folder, [path], { code: 'bad-zip', file: FILE, words: [/./] });
  });
});

describe('what the members say', () => {
  const KERNEL = '/model_weights/conv/conv/kernel:0';

  test.each<[name: string, members: readonly BuiltMember[], refusal: Refusal]>([
    [
      'a key twice (row 5)',
      withModel((text) => text.replace('"filters": 4', '"filters": 4, "filters": 5')),
      { code: 'bad-json', field: 'config.json.config.layers[1].config.filters' },
    ],
    [
      'JSON that ends early (row 10)',
      withModel((text) => text.slice(0, -9)),
      { code: 'bad-json', field: 'config.json.config.output_layers[0][1]' },
    ],
    [
      'text that is no UTF-8 (row 10)',
      withConfig({ data: Buffer.from([0x7b, 0xff]) }),
      { code: 'bad-json', field: 'config.json', words: [/UTF-8/] },
    ],
    [
      'metadata that are no JSON (row 10)',
      [{ ...metadata, data: '{' }, config, weights],
      { code: 'bad-json', field: 'metadata.json' },
    ],
    [
      'a layer that is not there (row 12)',
      withModel((text) => text.replace('[[["image", 0, 0, {}]]]', '[[["nobody", 0, 0, {}]]]')),
      { code: 'bad-graph', layer: 'conv', field: 'config.json.config.layers[1].inbound_nodes[0][0]' },
    ],
    [
      'weights that a link leads away from (row 13)',
      withWeights('model_external_link.h5'),
      { code: 'unsafe-path', field: KERNEL, words: [/an external link/] },
    ],
    [
      'weights that lie in another file (row 13)',
      withWeights('model_external_storage.h5'),
      { code: 'unsafe-path', field: KERNEL, words: [/other files/] },
    ],
    [
      'weights that claim more than there is (row 14)',
      withWeights('model_bomb.h5'),
      { code: 'bad-hdf5', field: KERNEL, words: [/claims 1073741824 bytes/] },
    ],
    [
      'weights that are no HDF5 file (row 15)',
      [metadata, config, { name: WEIGHTS, data: 'no HDF5 file' }],
      { code: 'bad-hdf5', words: [/not an HDF5 file/] },
    ],
    [
      'weights of another model (row 23)',
      withModel((text) => text.replace('"filters": 4', '"filters": 6')),
      { code: 'weights-mismatch', layer: 'conv', field: 'weights', words: [/\[3, 3, 3, 4\]/] },
    ],
    ['no weights (row 25)', [metadata, config], { code: 'bad-weights', field: WEIGHTS }],
    [
      'weights in another format (row 25)',
      [metadata, config, { name: 'model.weights.npz', data: 'PK' }],
      { code: 'bad-weights', field: WEIGHTS, words: [/"model.weights.npz"/] },
    ],
  ])('%s', async (_, members, refusal) => {
    await expectNo(members, refusal);
  });

  const own = '{"module": "our.code", "class_name": "Loss", "config": {}, "registered_name": "Loss"}';
  test.each<[name: string, change: (text: string) => string, layer: string | undefined, words: RegExp]>([
    [
      'a layer of its own',
      (text) => text.replace('"class_name": "Conv2D"', '"module": "our.code", "class_name": "Conv2D"'),
      'conv',
      /the class "Conv2D" from the module "our\.code"/,
    ],
    [
      'a loss of its own',
      (text) => text.replace(/\}$/, `, "compile_config": {"loss": [${own}]}}`),
      undefined,
      /"compile_config\.loss\[0\]" is of the class "Loss" from the module "our\.code"/,
    ],
    [
      'a model of its own',
      (text) => text.replace(/\}$/, ', "module": "our.code"}'),
      undefined,
      /the model is of the class "Functional" from the module "our\.code"/,
    ],
  ])('%s, with --deny-code (row 17)', async (_, change, layer, words) => {
    const refusal: Refusal = {
      code: 'code-denied',
      exit: 3,
      words: [words],
      ...(layer === undefined ? {} : { layer }),
    };
    await expectNo(withModel(change), refusal, {}, ['--deny-code']);
  });
});

test('an output that is the input, also through a link (row 19)', async () => {
  const folder = newFolder();
  const path = writeZip(folder, [metadata, config, weights]);
  symlinkSync(path, join(folder, 'link.keras'));
  for (const output of [path, join(folder, 'link.keras'), join(folder, NET, '..', NET, FILE)]) {
    const { code, stderr } = await run([path, '--at', 'conv', '--force', '-o', output]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^se-retrofit: [^\n]*the output is a file of the input[^\n]*\n$/);
  }
});
