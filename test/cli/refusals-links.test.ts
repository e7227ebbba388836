import { mkdirSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeStorage } from '../../src/storage/node/node-storage.js';
import { bytesIn, makeFolders, run, runProgram } from '../support/cli.js';
import { buildModel, splitWeights, WEIGHT_FILE, writeBuilt } from '../support/model-builder.js';
import { expectRefused, NET, type Refusal, writeBroken } from './refused.js';

// docs/HOSTILE.md, row 2: files that are no ordinary files of the model's folder.

const newFolder = makeFolders();

describe.skipIf(process.platform === 'win32')('weight files that are no ordinary files of the folder (row 2)', () => {
  const makePipe = async (path: string): Promise<void> => {
    expect(await runProgram('mkfifo', [path])).toMatchObject({ code: 0 });
  };

  /** Moves the weights out of the folder, to `folder/elsewhere`, and gives their old and their new place. */
  function moved(folder: string): { model: string; place: string; elsewhere: string } {
    const model = writeBuilt(join(folder, NET), buildModel());
    const place = join(folder, NET, WEIGHT_FILE);
    const elsewhere = join(folder, 'elsewhere', 'blob');
    mkdirSync(dirname(elsewhere));
    renameSync(place, elsewhere);
    return { model, place, elsewhere };
  }

  type Links = readonly [name: string, put: (place: string, elsewhere: string) => unknown, refusal: Refusal];
  const isLink: Refusal = { code: 'unsafe-path', file: WEIGHT_FILE, words: ['a link'] };
  const isNoFile: Refusal = { code: 'not-a-file', file: WEIGHT_FILE, words: ['a folder, pipe or device'] };
  const isMissing: Refusal = {
    code: 'weights-missing',
    field: 'weightsManifest[0].paths[0]',
    words: ['"weights.bin" is missing'],
  };

  const LINKS: readonly Links[] = [
    ['a link out of the folder', (place, elsewhere) => symlinkSync(elsewhere, place), isLink],
    ['a relative link out of the folder', (place) => symlinkSync('../elsewhere/blob', place), isLink],
    [
      'a link inside the folder',
      (place, elsewhere) => {
        renameSync(elsewhere, join(dirname(place), 'real.bin'));
        symlinkSync('real.bin', place);
      },
      isLink,
    ],
    [
      'a link to a link',
      (place, elsewhere) => {
        symlinkSync(elsewhere, join(dirname(elsewhere), 'link'));
        symlinkSync('../elsewhere/link', place);
      },
      isLink,
    ],
  ];

  const NO_FILES: readonly (readonly [...Links, followed: Refusal])[] = [
    ['a pipe', makePipe, isNoFile, isNoFile],
    ['a folder', (place) => mkdirSync(place), isNoFile, isNoFile],
    ['a link to a device', (place) => symlinkSync('/dev/zero', place), isLink, isNoFile],
    ['a link to the folder', (place) => symlinkSync('.', place), isLink, isNoFile],
    [
      'a link to a pipe',
      async (place) => {
        await makePipe(`${place}.pipe`);
        symlinkSync(`${place}.pipe`, place);
      },
      isLink,
      isNoFile,
    ],
    ['a link to nothing', (place) => symlinkSync('nothing', place), isLink, isMissing],
    [
      'a link to itself',
      (place) => symlinkSync(WEIGHT_FILE, place),
      isLink,
      { code: 'unreadable', file: WEIGHT_FILE, words: ['too many links'] },
    ],
  ];

  test.each<Links>([...LINKS, ...NO_FILES.map(([name, put, refusal]): Links => [name, put, refusal])])(
    '%s',
    async (_, put, refusal) => {
      const folder = newFolder();
      const { model, place, elsewhere } = moved(folder);
      await put(place, elsewhere);
      await expectRefused(folder, [model], refusal);
      await expectRefused(folder, ['inspect', model], refusal);
    },
  );

  test.each(NO_FILES)('%s, with --allow-links', async (_, put, __, followed) => {
    const folder = newFolder();
    const { model, place, elsewhere } = moved(folder);
    await put(place, elsewhere);
    await expectRefused(folder, [model, '--allow-links'], followed);
  });

  const plain = (folder: string) => writeBuilt(join(folder, 'plain'), buildModel());

  test.each(LINKS)('%s is read with --allow-links, and not written as a link', async (_, put) => {
    const folder = newFolder();
    const { model, place, elsewhere } = moved(folder);
    await put(place, elsewhere);
    expect((await run([model, '--allow-links', '-o', join(folder, 'out')])).code).toBe(0);
    expect((await run([plain(folder), '-o', join(folder, 'expected')])).code).toBe(0);
    // Were the output a link too, it would lead nowhere now.
    rmSync(realpathSync(place));
    expect(bytesIn(join(folder, 'out'))).toEqual(bytesIn(join(folder, 'expected')));
  });

  test('a file that becomes a link after it was found', async () => {
    const folder = newFolder();
    const model = writeBuilt(join(folder, NET), buildModel());
    const place = join(dirname(model), WEIGHT_FILE);
    const found = await nodeStorage.findInside(dirname(model), WEIGHT_FILE, {});
    const followed = await nodeStorage.findInside(dirname(model), WEIGHT_FILE, { allowLinks: true });
    renameSync(place, join(folder, 'blob'));
    symlinkSync('../blob', place);
    await expect(nodeStorage.open(found)).rejects.toMatchObject({ code: 'input-changed', where: { file: place } });
    await (await nodeStorage.open(followed)).close();
  });

  test('a folder on the way that is a link', async () => {
    const folder = newFolder();
    const model = writeBroken(folder, (built) => splitWeights(built, ['sub/weights.bin']));
    renameSync(join(folder, NET, 'sub'), join(folder, 'elsewhere'));
    symlinkSync('../elsewhere', join(folder, NET, 'sub'));
    const refusal = { code: 'unsafe-path', file: 'sub/weights.bin', words: ['outside the folder of the model'] };
    await expectRefused(folder, [model], refusal);
    expect((await run([model, '--allow-links'])).code).toBe(0);
  });

  test.each(['link', 'link/model.json'])('the model itself may be named through a link: %s', async (path) => {
    const folder = newFolder();
    writeBuilt(join(folder, NET), buildModel());
    symlinkSync(NET, join(folder, 'link'));
    expect((await run([path, '-o', 'out'], { cwd: folder })).code).toBe(0);
    expect((await run([plain(folder), '-o', join(folder, 'expected')])).code).toBe(0);
    expect(bytesIn(join(folder, 'out'))).toEqual(bytesIn(join(folder, 'expected')));
  });

  test.each<[name: string, put: (path: string) => unknown, refusal: Refusal]>([
    ['a pipe', makePipe, { code: 'not-a-file' }],
    ['a folder', (path) => mkdirSync(path), { code: 'not-a-model', words: ['no model.json'] }],
    ['a link to a device', (path) => symlinkSync('/dev/zero', path), { code: 'not-a-file' }],
    ['a link to nothing', (path) => symlinkSync('nothing', path), { code: 'not-found' }],
  ])('model.json is %s', async (_, put, refusal) => {
    const folder = newFolder();
    const model = writeBuilt(join(folder, NET), buildModel());
    rmSync(model);
    await put(model);
    await expectRefused(folder, [model], refusal);
    await expectRefused(folder, [dirname(model)], { code: 'not-a-model', file: '.', words: ['no model.json'] });
  });
});
