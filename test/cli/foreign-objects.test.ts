import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MAX_HDF5_DEPTH } from '../../src/limits.js';
import { BIN, expectFailure, makeFolders, namesIn, runProgram } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';
import { editCopy, hdf5Fixture, readFileWith, valuesOf } from '../support/hdf5-files.js';

const newFolder = makeFolders();
const LOST = '/@best_epoch, /mine@mean, /mine/pairs and 1 more';

test('of a file that is made anew, texts and numbers are carried, and it is said what is not', async () => {
  const folder = newFolder();
  copyFileSync(hdf5Fixture('model_foreign.h5'), join(folder, 'model.h5'));
  const shown = await run(['model.h5', '-o', 'shown.h5', '--at', 'conv', '--force'], { cwd: folder });
  expect(shown).toMatchObject({ code: 0, stderr: expect.stringContaining(`warning: ${LOST}: left out`) });
  for (const [words, command] of [
    [['model.h5', '--at', 'conv', '--markdown', 'report.md'], 'add'],
    [['strip', 'shown.h5'], 'strip'],
    [['convert', 'model.h5', '--to', 'keras-h5'], 'convert'],
  ] as const) {
    const { code, stdout, stderr } = await run([...words, '-o', `${command}.h5`, '--json'], { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const warnings = JSON.parse(stdout).warnings.filter((warning: { code: string }) => warning.code === 'not-carried');
    expect(warnings).toMatchObject(command === 'strip' ? [] : [{ where: LOST }]);
    await readFileWith(join(folder, `${command}.h5`), (file) => {
      expect(file.list('/mine').map(({ name }) => name)).toEqual(['numbers']);
      expect(valuesOf(file, '/mine/numbers')).toEqual(Buffer.from(Float64Array.of(0, 1, 2, 3, 4).buffer));
      expect(file.readTexts('/mine', 'tags')).toEqual(['first', 'second']);
      expect(file.readText('/model_weights/conv/conv/kernel:0', 'note')).toBe('by hand');
      expect(file.has('/optimizer_weights')).toBe(false);
    });
  }
});

test.skipIf(process.platform === 'win32')('while it is read, a full disk is still said of the output', async () => {
  const folder = newFolder();
  copyFileSync(hdf5Fixture('model_foreign.h5'), join(folder, 'model.h5'));
  const words = [
    '-c',
    'ulimit -f 2; exec "$0" "$@"',
    process.execPath,
    BIN,
    'model.h5',
    '-o',
    'out.h5',
    '--at',
    'conv',
  ];
  expectFailure(await runProgram('bash', words, { cwd: folder }), 5, 'out.h5', 'cannot be written', 'size limit');
  expect(namesIn(folder)).toEqual(['model.h5']);
});

test('thousands of attributes, and groups deep in each other, take no longer than they are many', async () => {
  const folder = newFolder();
  await editCopy(hdf5Fixture('model_foreign.h5'), folder, 'model.h5', async (editor) => {
    for (let index = 0; index < 5000; index++) editor.writeText('/mine', `note ${index}`, 'a text');
    editor.makeGroup('/deep'.repeat(MAX_HDF5_DEPTH));
  });
  const { code, milliseconds } = await run(['model.h5', '-o', 'out.h5', '--at', 'conv'], { cwd: folder });
  expect(code).toBe(0);
  expect(milliseconds).toBeLessThan(5000);
  await readFileWith(join(folder, 'out.h5'), (file) => {
    expect(file.listAttributes('/mine')).toHaveLength(5001);
    expect(file.has('/deep'.repeat(MAX_HDF5_DEPTH))).toBe(true);
  });
});
