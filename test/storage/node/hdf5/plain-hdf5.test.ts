import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { RetrofitError } from '../../../../src/errors.js';
import { randomNumbers } from '../../../../src/random.js';
import type { Hdf5Editor, Hdf5File } from '../../../../src/storage/hdf5.js';
import { bytesOf } from '../../../../src/storage/node/hdf5/hdf5-bytes.js';
import { makeView } from '../../../../src/storage/node/hdf5/hdf5-file.js';
import { type Hdf5Thread, withHdf5Thread } from '../../../../src/storage/node/hdf5/hdf5-thread.js';
import { plainRootAddress } from '../../../../src/storage/node/hdf5/plain-hdf5.js';
import { makeFolders } from '../../../support/cli.js';
import { buildFile, editCopy, hdf5Fixture } from '../../../support/hdf5-files.js';
import { isAll } from '../../../support/is-all.js';

vi.mock('../../../../src/limits.js', async (original) => ({
  ...(await original<typeof import('../../../../src/limits.js')>()),
  MAX_HDF5_IDLE_MILLISECONDS: 500,
}));

const newFolder = makeFolders();

/** What a file says to each question; an answer that nobody has is a failure. */
type Answers = Map<string, string>;
const FAILED = 'failed';
const ASKED = 'HDF5 was asked';

const asked = (): never => {
  throw new Error(ASKED);
};
const NOBODY: Hdf5Thread = { call: asked };

function readAll(file: Hdf5File): Answers {
  const answers: Answers = new Map();
  const ask = <T>(question: string, answer: () => T): T | undefined => {
    try {
      const found = answer();
      answers.set(question, JSON.stringify(found));
      return found;
    } catch (error) {
      const isAsked = error instanceof Error && error.message === ASKED;
      if (!isAsked && !(error instanceof RetrofitError)) throw error;
      answers.set(question, isAsked ? ASKED : FAILED);
      return undefined;
    }
  };
  const visit = (path: string, kind: 'group' | 'dataset', depth: number): void => {
    for (const name of ask(`attributes of ${path}`, () => file.listAttributes(path).toSorted()) ?? []) {
      ask(`texts of ${path}@${name}`, () => file.readTexts(path, name));
      ask(`text of ${path}@${name}`, () => file.readText(path, name));
      ask(`kind of ${path}@${name}`, () => file.textKind(path, name) ?? null);
    }
    if (kind === 'dataset') {
      const dataset = ask(`dataset ${path}`, () => file.dataset(path));
      if (dataset !== undefined)
        ask(`values of ${path}`, () => Buffer.concat([...file.chunks(dataset)]).toString('base64'));
    } else if (depth < 8) {
      for (const child of ask(`list ${path}`, () => file.list(path)) ?? [])
        visit(`${path === '/' ? '' : path}/${child.name}`, child.kind, depth + 1);
    }
  };
  visit('/', 'group', 0);
  return answers;
}

/** What is read without HDF5, and what HDF5 says. */
async function readTwice(path: string): Promise<{ plainly: Answers; byHdf5: Answers }> {
  const descriptor = openSync(path, 'r');
  try {
    const bytes = bytesOf(descriptor, 0, fstatSync(descriptor).size);
    const opened = { file: asked, bytes };
    const plainRoot = plainRootAddress(bytes);
    const plainly: Answers =
      plainRoot === undefined ? new Map() : readAll(makeView({ ...opened, thread: NOBODY, plainRoot }).reader);
    const byHdf5 = await withHdf5Thread(async (thread): Promise<Answers> => {
      try {
        const file = thread.call('open', descriptor, 0, bytes.byteLength);
        const answers = readAll(makeView({ thread, file: () => file, plainRoot: undefined, bytes }).reader);
        thread.call('close', file);
        return answers;
      } catch (error) {
        if (error instanceof RetrofitError) return new Map();
        throw error;
      }
    });
    return { plainly, byHdf5 };
  } finally {
    closeSync(descriptor);
  }
}

test.each(['weights.h5', 'many.h5', 'model.h5'])(
  '%s, of the kind that Keras writes, is read without HDF5',
  async (name) => {
    const { plainly, byHdf5 } = await readTwice(hdf5Fixture(name));
    expect(plainly.size).toBeGreaterThan(10);
    expect([...plainly.values()]).not.toContain(ASKED);
    expect(plainly).toEqual(byHdf5);
  },
);

test.each(['attributes.h5', 'dtypes.h5', 'packed.h5', 'latest.h5', 'soft_link.h5', 'two_names.h5', 'virtual.h5'])(
  'what is read of %s without HDF5 is what HDF5 says',
  async (name) => {
    const { plainly, byHdf5 } = await readTwice(hdf5Fixture(name));
    for (const [question, answer] of plainly) {
      if (answer !== ASKED) expect([question, answer]).toEqual([question, byHdf5.get(question)]);
    }
  },
);

const MADE = 1500;

/** Enough names for a tree of two levels, each with a list of texts; an empty text and an empty list among them. */
async function makeMany(editor: Hdf5Editor): Promise<void> {
  for (let index = 0; index < MADE; index += 1) {
    const group = `/many/layer_${index}`;
    const values = new Uint8Array(Float32Array.of(index, -index, 0.5).buffer);
    await editor.makeDataset(`${group}/kernel:0`, 'float32', [3], [values]);
    editor.writeTexts(group, 'weight_names', index % 2 === 0 ? [`layer_${index}/kernel:0`, 'bïas'] : []);
  }
  editor.writeText('/many', 'model_config', 'x'.repeat(100_000));
  editor.writeText('/', 'empty', '');
}

test('what we write is read by HDF5 as it is without it, and HDF5 goes on writing it', async () => {
  const folder = newFolder();
  const built = await buildFile(folder, 'built.h5', makeMany);
  const edited = await editCopy(hdf5Fixture('many.h5'), folder, 'edited.h5', makeMany);
  for (const path of [built, edited]) {
    const { plainly, byHdf5 } = await readTwice(path);
    expect([...plainly.values()]).not.toContain(ASKED);
    // A list is no single text; all else has an answer.
    const failed = [...byHdf5].filter(([question, answer]) => answer === FAILED && !question.startsWith('text of '));
    expect(failed).toEqual([]);
    expect(plainly.get('texts of /@empty')).toBe('[""]');
    expect(plainly.size).toBeGreaterThan(4 * MADE);
    expect(plainly).toEqual(byHdf5);
  }
  const before = (await readTwice(hdf5Fixture('many.h5'))).byHdf5;
  const after = (await readTwice(edited)).byHdf5;
  for (const [question, answer] of before) {
    if (question !== 'list /' && question !== 'attributes of /') expect(after.get(question)).toBe(answer);
  }
  const { File, ready } = await import('h5wasm/node');
  await ready;
  const file = new File(edited, 'a');
  for (let index = 0; index < 100; index += 1) file.create_group(`/many/again_${index}`);
  file.create_attribute('late', 'by HDF5');
  file.close();
  const { byHdf5 } = await readTwice(edited);
  expect(JSON.parse(byHdf5.get('list /many')!)).toHaveLength(MADE + 100);
  for (const question of ['values of /many/layer_7/kernel:0', 'texts of /many/layer_8@weight_names'])
    expect(byHdf5.get(question)).toBe(after.get(question));
}, 60_000);

const MUTANTS = isAll ? 2000 : 80;

test.each(['weights.h5', 'model.h5', 'attributes.h5'])(
  'nor is a damaged %s read otherwise',
  async (name) => {
    const path = join(newFolder(), name);
    const whole = readFileSync(hdf5Fixture(name));
    const random = randomNumbers(Number(process.env.SE_RETROFIT_SEED ?? 1), `damaged ${name}`);
    let answered = 0;
    let onlyPlainly = 0;
    for (let mutant = 0; mutant < MUTANTS; mutant++) {
      const bytes = Buffer.from(whole);
      const place = Math.floor(random() * bytes.length);
      const choices = [0, 0xff, bytes[place]! ^ (1 << Math.floor(random() * 8)), Math.floor(random() * 256)];
      bytes[place] = choices[Math.floor(random() * choices.length)]!;
      writeFileSync(path, bytes);
      const { plainly, byHdf5 } = await readTwice(path);
      for (const [question, answer] of plainly) {
        if (answer === ASKED || answer === FAILED) continue;
        answered += 1;
        const expected = byHdf5.get(question) ?? FAILED;
        if (expected === FAILED) onlyPlainly += 1;
        else expect([place, question, answer]).toEqual([place, question, expected]);
      }
    }
    expect(answered).toBeGreaterThan(MUTANTS);
    // HDF5 looks at some bytes that say nothing, and refuses all that lies behind them.
    expect(onlyPlainly).toBeLessThan(answered / 50);
  },
  120_000,
);
