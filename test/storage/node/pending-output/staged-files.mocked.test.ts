import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import type * as promises from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { nodeStorage } from '../../../../src/storage/node/node-storage.js';
import { beginOwner, endOwner } from '../../../../src/storage/node/pending-output/hidden-names.js';
import { makeFolders, namesIn } from '../../../support/cli.js';

const newFolder = makeFolders();

// Each killed run leaves one.
process.setMaxListeners(0);

/** Which of the calls that change something is the last that is carried out; it and all later ones never end. */
const power = vi.hoisted(() => ({
  callsLeft: Number.POSITIVE_INFINITY,
  hasLinks: true,
  beforeNext: undefined as (() => void) | undefined,
}));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof promises>();
  const failing =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>, code?: string) =>
    (...args: Args): Promise<Result> => {
      if (power.callsLeft <= 0) return new Promise(() => {});
      power.callsLeft -= 1;
      power.beforeNext?.();
      power.beforeNext = undefined;
      if (code !== undefined && !power.hasLinks) {
        return Promise.reject(Object.assign(new Error(code), { code, syscall: 'link' }));
      }
      return work(...args);
    };
  return {
    ...real,
    mkdir: failing(real.mkdir as (path: string) => Promise<unknown>),
    link: failing(real.link, 'EPERM'),
    rename: failing(real.rename),
    writeFile: failing(real.writeFile as (path: string, text: string) => Promise<void>),
  };
});

afterEach(() => {
  power.callsLeft = Number.POSITIVE_INFINITY;
  power.hasLinks = true;
});

const NAMES = ['model.weights.h5', 'model.json'];

async function build(folder: string, content: string, replace = false, names = NAMES) {
  const pending = await nodeStorage.beginFiles(folder, names, replace);
  for (const name of names) await pending.write(name, [Buffer.from(`${content} ${name}`)]);
  return pending;
}

/** A process that is no more. */
const DEAD = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));

/** An owner of hidden folders as another process has it. */
function ownerOf(processId: number): string {
  const owner = beginOwner();
  endOwner(owner);
  return owner.replace(/^\d+/, String(processId));
}

/** What stands hidden in a folder is a dead process's from here on. */
function buryOwners(folder: string): void {
  for (const name of namesIn(folder).filter((hidden) => /^\.[^/]*\/$/.test(hidden))) {
    renameSync(join(folder, name), join(folder, name.replace(/-\d+(-\d+-\w+-\w+\/)$/, `-${DEAD}$1`)));
  }
}

const isWhole = (folder: string, content: string, names = NAMES) =>
  names.every(
    (name) => existsSync(join(folder, name)) && readFileSync(join(folder, name), 'utf8') === `${content} ${name}`,
  );

test('files appear beside others, all of them, and not before', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'other.txt'), 'other');
  const pending = await build(folder, 'new');
  expect(NAMES.some((name) => existsSync(join(folder, name)))).toBe(false);
  expect(await pending.byteLength('model.json')).toBe('new model.json'.length);
  await pending.commit();
  expect(isWhole(folder, 'new')).toBe(true);
  expect(namesIn(folder)).toEqual(['model.json', 'model.weights.h5', 'other.txt']);
  expect(statSync(join(folder, 'model.json')).mode & 0o777).toBe(0o666 & ~process.umask());
  expect(statSync(join(folder, 'model.json')).nlink).toBe(1);
});

test('a copied file gets the rights that a new one would, whatever those of the old one', async () => {
  const folder = newFolder();
  const old = join(folder, 'old');
  writeFileSync(old, 'weights', { mode: 0o444 });
  for (const umask of [0o077, 0o002]) {
    const before = process.umask(umask);
    try {
      const pending = await nodeStorage.beginFiles(folder, ['copy'], true);
      await pending.copy(await nodeStorage.findFile(old), 'copy');
      await pending.commit();
    } finally {
      process.umask(before);
    }
    expect(statSync(join(folder, 'copy')).mode & 0o777).toBe(0o666 & ~umask);
  }
});

test('names may be as long as the file system takes them, and what a killed run left beside one goes', async () => {
  const folder = newFolder();
  const names = [`${'w'.repeat(245)}.weights`, `${'m'.repeat(250)}.json`];
  await build(folder, 'cut off', false, names);
  buryOwners(folder);
  await (await build(folder, 'new', false, names)).commit();
  expect(isWhole(folder, 'new', names)).toBe(true);
  expect(namesIn(folder)).toEqual(names.toSorted());
});

test('missing folders are made, and go again with an output that is given up', async () => {
  const folder = newFolder();
  const pending = await build(join(folder, 'a', 'b'), 'new');
  await pending.discard();
  expect(namesIn(folder)).toEqual([]);
  await (await build(join(folder, 'a', 'b'), 'new')).commit();
  expect(isWhole(join(folder, 'a', 'b'), 'new')).toBe(true);
});

test('an output that exists is refused at the start, whichever of its files it is', async () => {
  for (const name of NAMES) {
    const folder = newFolder();
    writeFileSync(join(folder, name), 'mine');
    await expect(build(folder, 'new')).rejects.toMatchObject({
      code: 'output-exists',
      where: { file: join(folder, name) },
    });
    expect(namesIn(folder)).toEqual([name]);
  }
});

test.each([true, false])('a file that appears meanwhile is left alone (links: %s)', async (hasLinks) => {
  power.hasLinks = hasLinks;
  for (const name of NAMES) {
    const folder = newFolder();
    const pending = await build(folder, 'new');
    // Behind the last look, before any place is taken.
    power.beforeNext = () => writeFileSync(join(folder, name), 'mine');
    await expect(pending.commit()).rejects.toMatchObject({ code: 'output-exists' });
    await pending.discard();
    expect(namesIn(folder)).toEqual([name]);
    expect(readFileSync(join(folder, name), 'utf8')).toBe('mine');
  }
});

test('only ordinary files are replaced', async () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'model.json'));
  await expect(build(folder, 'new', true)).rejects.toMatchObject({ code: 'output-exists' });
  const other = newFolder();
  writeFileSync(join(other, 'target'), 'mine');
  symlinkSync('target', join(other, 'model.json'));
  await expect(build(other, 'new', true)).rejects.toMatchObject({ code: 'output-exists' });
  expect(readFileSync(join(other, 'target'), 'utf8')).toBe('mine');
});

test('what was never written is no output', async () => {
  const folder = newFolder();
  const pending = await nodeStorage.beginFiles(folder, NAMES, false);
  await pending.write('model.json', [Buffer.from('{}')]);
  await expect(pending.commit()).rejects.toThrow('model.weights.h5 was never written');
  await pending.discard();
  expect(namesIn(folder)).toEqual([]);
});

/** Whether a promise is settled before everything that is under way has come to rest. */
async function settles(work: Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  work.then(
    () => {
      isSettled = true;
    },
    () => {
      isSettled = true;
    },
  );
  for (let turn = 0; turn < 60 && !isSettled; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  return isSettled;
}

describe.each([
  ['two new files', false, [], NAMES],
  ['two files in the place of two', true, NAMES, NAMES],
  ['two files in the place of the last', true, ['model.json'], NAMES],
  ['two files in the place of the first', true, ['model.weights.h5'], NAMES],
  ['one file in the place of one', true, ['model.json'], ['model.json']],
  ['one new file', false, [], ['model.json']],
])('%s, killed at any moment', (_, replace, oldNames, names) => {
  test.each([true, false])('old or new stands after the next run has begun (links: %s)', async (hasLinks) => {
    const outcomes = new Set<string>();
    for (let calls = 0; ; calls += 1) {
      const folder = newFolder();
      for (const name of oldNames) writeFileSync(join(folder, name), `old ${name}`);
      const pending = await build(folder, 'new', replace, names);
      power.hasLinks = hasLinks;
      power.callsLeft = calls;
      const isFinished = await settles(pending.commit());
      power.callsLeft = Number.POSITIVE_INFINITY;
      // Never both a file that names another and an other file than it names.
      if (existsSync(join(folder, 'model.json'))) {
        const content = readFileSync(join(folder, 'model.json'), 'utf8').split(' ')[0]!;
        expect(['old', 'new', 'se-retrofit']).toContain(content);
        if (content === 'new') expect(isWhole(folder, 'new', names)).toBe(true);
        if (content === 'old') expect(isWhole(folder, 'old', oldNames)).toBe(true);
      }
      // Another run sets it right, even one that does nothing.
      buryOwners(folder);
      const next = await nodeStorage.beginFiles(folder, names, true);
      await next.discard();
      const isNew = isWhole(folder, 'new', names);
      const left = namesIn(folder);
      if (isNew) expect(left).toEqual([...names].sort());
      else if (hasLinks || replace) {
        expect(isWhole(folder, 'old', oldNames)).toBe(true);
        // Without links, a first file that no old one stood in the place of cannot be told from another's.
        if (hasLinks) expect(left).toEqual([...oldNames].sort());
      } else expect(left).not.toContain('model.json');
      outcomes.add(isNew ? 'new' : 'old');
      if (isFinished) break;
    }
    expect([...outcomes].sort()).toEqual(['new', 'old']);
  });
});

test('a run that is killed for real leaves nothing that the next one cannot clear', async () => {
  const folder = newFolder();
  const dead = ownerOf(DEAD);
  mkdirSync(join(folder, `.model.json.se-retrofit-new-${dead}`));
  writeFileSync(join(folder, `.model.json.se-retrofit-new-${dead}`, 'model.json'), 'half');
  await (await build(folder, 'new')).commit();
  expect(namesIn(folder)).toEqual([...NAMES].sort());
});

describe('what is hidden stays', () => {
  const hide = (folder: string, owner: string) => mkdirSync(join(folder, `.model.json.se-retrofit-new-${owner}`));

  test.each([
    ['of a process that lives', () => ownerOf(process.ppid)],
    ['of another thread of this process', () => ownerOf(process.pid).replace(/-0-/, '-7-')],
    ['of another machine', () => ownerOf(DEAD).replace(/\w{8}$/, '00000000')],
    ['of nobody that we know', () => String(DEAD)],
  ])('%s', async (_, owner) => {
    const folder = newFolder();
    const hidden = owner();
    hide(folder, hidden);
    await (await build(folder, 'new')).commit();
    expect(namesIn(folder)).toContain(`.model.json.se-retrofit-new-${hidden}/`);
  });

  test('of a run in this very process: both are told apart, one wins', async () => {
    const folder = newFolder();
    const [one, other] = [await build(folder, 'one'), await build(folder, 'other')];
    await one.commit();
    await expect(other.commit()).rejects.toMatchObject({ code: 'output-exists' });
    await other.discard();
    expect(isWhole(folder, 'one')).toBe(true);
    expect(namesIn(folder)).toEqual([...NAMES].sort());
  });
});
