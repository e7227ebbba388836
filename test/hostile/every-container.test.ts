import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { errorReportSchema } from '../../src/index.js';
import { bytesIn, makeFolders, run } from '../support/cli.js';
import { isAll } from '../support/is-all.js';
import { editText, editWeights, modelFileOf, WRITINGS, type Writing, weightsFileOf, writeWhole } from './containers.js';

// docs/HOSTILE.md: what is hostile in one container is hostile in all, and every command that reads gives the same answer.

const newFolder = makeFolders();
const wholes = new Map<Writing, string>();
const NET = 'net';

beforeAll(async () => {
  for (const writing of WRITINGS) {
    const folder = join(newFolder(), NET);
    await writeWhole(folder, writing);
    wholes.set(writing, folder);
  }
});

/** What each command that reads a model is asked. */
const COMMANDS: Readonly<Record<string, (model: string) => readonly string[]>> = {
  add: (model) => ['add', model],
  inspect: (model) => ['inspect', model],
  convert: (model) => ['convert', model, '-o', 'other.keras'],
  strip: (model) => ['strip', model],
  verify: (model) => ['verify', model, model],
  excite: (model) => ['excite', model, '.'],
};

interface Hostile {
  readonly row: number;
  readonly name: string;
  /** Of which containers it is; all unless given. */
  readonly only?: readonly Writing['container'][];
  readonly spoil: (folder: string, writing: Writing) => unknown;
  readonly codes: readonly string[];
  readonly words?: RegExp;
}

const inText = (edit: (text: string) => string) => (folder: string, writing: Writing) => {
  return editText(folder, writing, (text) => {
    const changed = edit(text);
    expect(changed).not.toBe(text);
    return changed;
  });
};

const inWeights = (edit: (bytes: Buffer) => Uint8Array) => (folder: string, writing: Writing) =>
  editWeights(folder, writing, edit);

const asFile = (content: string | Uint8Array) => (folder: string, writing: Writing) =>
  writeFileSync(join(folder, modelFileOf(writing)), content);

/** A reference to the first tensor of a layer's first call, in any dialect. */
const reference = (name: string): RegExp => new RegExp(`\\["${name}",\\s*0,\\s*0`, 'g');
const lastOf = (text: string, pattern: RegExp, put: string): string => {
  const found = [...text.matchAll(pattern)].at(-1)!;
  return text.slice(0, found.index) + put + text.slice(found.index + found[0].length);
};
const ALL_HDF5 = ['keras-h5', 'keras-zip', 'keras-json'] as const;
const GRAPH = ['bad-graph', 'bad-topology'];

const HOSTILE: readonly Hostile[] = [
  {
    row: 3,
    name: 'weights that are cut short',
    spoil: inWeights((bytes) => bytes.subarray(0, bytes.length - 700)),
    codes: ['weights-size', 'bad-hdf5'],
  },
  {
    row: 3,
    name: 'weights that are longer',
    only: ['tfjs'],
    spoil: inWeights((bytes) => Buffer.concat([bytes, bytes])),
    codes: ['weights-size'],
  },
  {
    row: 5,
    name: 'a key twice',
    spoil: inText((text) => text.replace('"filters":', '"filters":8,"filters":')),
    codes: ['bad-json'],
    words: /duplicate key/,
  },
  ...['-4', '0', '4.5', 'NaN', '1e400', '9007199254740993', '"4"', 'null'].map(
    (size): Hostile => ({
      row: 7,
      name: `${size} filters`,
      spoil: inText((text) => text.replace(/"filters":\s*\d+/, `"filters":${size}`)),
      codes: ['bad-size', 'bad-json', 'bad-topology'],
    }),
  ),
  {
    row: 8,
    name: 'more filters than there are weights for',
    spoil: inText((text) => text.replace(/"filters":\s*\d+/, '"filters":77')),
    codes: ['weights-mismatch'],
  },
  {
    row: 10,
    name: 'JSON a million deep',
    spoil: inText((text) => text.replace('{', `{"deep":${'['.repeat(1e6)}${']'.repeat(1e6)},`)),
    codes: ['bad-json'],
    words: /nested more than 500/,
  },
  { row: 11, name: 'gzip', spoil: asFile(gzipSync('{}')), codes: ['gzip'] },
  { row: 11, name: 'a web page', spoil: asFile('<!doctype html><html>not found</html>'), codes: ['html'] },
  {
    row: 11,
    name: 'a Git LFS pointer',
    spoil: asFile('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n'),
    codes: ['lfs-pointer'],
  },
  {
    row: 11,
    name: 'a Git LFS pointer in the place of the weights',
    only: ['tfjs', 'keras-json', 'keras-zip'],
    spoil: inWeights(() => Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n')),
    codes: ['weights-size', 'bad-hdf5', 'lfs-pointer', 'bad-weights'],
  },
  {
    row: 12,
    name: 'a layer that is not there',
    spoil: inText((text) => text.replace(reference('u1_drop'), '["nowhere",0,0')),
    codes: GRAPH,
    words: /nowhere/,
  },
  {
    row: 12,
    name: 'a call that is not there',
    spoil: inText((text) => text.replace(reference('u1_drop'), '["u1_drop",7,0')),
    codes: GRAPH,
  },
  {
    row: 12,
    name: 'a circle',
    spoil: inText((text) => text.replace(reference('u1_a_conv'), '["u1_add",0,0')),
    codes: GRAPH,
  },
  {
    row: 12,
    name: 'two layers of one name',
    spoil: inText((text) => text.replaceAll('"u1_a_conv"', '"u1_b_conv"')),
    codes: GRAPH,
  },
  {
    row: 12,
    name: 'an output that is not there',
    spoil: inText((text) => lastOf(text, reference('predictions'), '["nowhere",0,0')),
    codes: GRAPH,
    words: /nowhere/,
  },
  {
    row: 15,
    name: 'an address behind the end',
    only: ALL_HDF5,
    spoil: inWeights((bytes) => {
      const spoilt = Buffer.from(bytes);
      spoilt.writeBigUInt64LE(2n ** 40n, 64);
      return spoilt;
    }),
    codes: ['bad-hdf5'],
  },
  {
    row: 15,
    name: 'an unknown version of HDF5',
    only: ALL_HDF5,
    spoil: inWeights((bytes) => Buffer.concat([bytes.subarray(0, 8), Buffer.from([9]), bytes.subarray(9)])),
    codes: ['bad-hdf5'],
  },
];

describe.each(WRITINGS)('$container, $dialect', (writing) => {
  const cases = HOSTILE.filter(({ only }) => only === undefined || only.includes(writing.container));
  test.each(cases.map((hostile, at) => ({ ...hostile, at })))(
    'row $row: $name',
    async ({ at, spoil, codes, words }) => {
      const folder = newFolder();
      const net = join(folder, NET);
      cpSync(wholes.get(writing)!, net, { recursive: true });
      await spoil(net, writing);
      const names = Object.keys(COMMANDS);
      // By default the commands take turns: a process costs a quarter second.
      const chosen = isAll ? names : [names[(at + WRITINGS.indexOf(writing)) % names.length]!];
      for (const name of chosen) await expectRefusedBy(name, folder, writing, codes, words);
    },
  );
});

/** One line that names a file of the model and what to do; exit code 4; every byte is as it was. */
async function expectRefusedBy(
  command: string,
  folder: string,
  writing: Writing,
  codes: readonly string[],
  words = /./,
): Promise<void> {
  const before = bytesIn(folder);
  const path = join(folder, NET, modelFileOf(writing));
  const result = await run([...COMMANDS[command]!(path), '--json'], { cwd: folder });
  expect(result.stderr).toMatch(/^se-retrofit: [^\n]+ \([^\n]+\)\n$/);
  expect(result.code, result.stderr).toBe(4);
  const { error } = errorReportSchema.parse(JSON.parse(result.stdout));
  expect(codes).toContain(error.code);
  expect(error.message).toMatch(words);
  expect([path, join(folder, NET, weightsFileOf(writing))]).toContain(error.where.file);
  expect(bytesIn(folder)).toEqual(before);
}
