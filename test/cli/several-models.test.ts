import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addSeveralReportSchema, readModel, writeModel } from '../../src/index.js';
import { bytesIn, copyFixture, expectFailure, makeFolders, namesIn } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';

const newFolder = makeFolders();

/** Three models in a folder: two of TensorFlow.js, and a `.keras`. */
async function models(): Promise<string> {
  const folder = newFolder();
  for (const name of ['resnet-v1', 'vgg']) renameSync(copyFixture(name, newFolder()), join(folder, name));
  await writeModel(await readModel(join(folder, 'resnet-v1')), join(folder, 'net.keras'));
  return folder;
}

const NAMES = ['resnet-v1', 'vgg', 'net.keras'];

describe('add of several models', () => {
  test('writes each as it would by itself, under its name, and shows one table', async () => {
    const cwd = await models();
    const { code, stdout, stderr } = await run([...NAMES, '--output-dir', 'out', '--ratio', '4'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^model +modules +\+params/);
    expect(stdout.match(/^(?:resnet-v1|vgg|net\.keras) +6 /gm)).toHaveLength(3);
    for (const [name, output] of [
      ['resnet-v1', 'resnet-v1-se'],
      ['vgg', 'vgg-se'],
      ['net.keras', 'net-se.keras'],
    ] as const) {
      await run([name, '--ratio', '4', '-o', join('alone', output)], { cwd });
    }
    expect(bytesIn(join(cwd, 'out'))).toEqual(bytesIn(join(cwd, 'alone')));
  });

  test('goes on behind a model that fails: its line, its row, and the exit code of the first failure', async () => {
    const cwd = await models();
    writeFileSync(join(cwd, 'broken.h5'), 'no model');
    const words = ['broken.h5', ...NAMES, '--output-dir', 'out', '--max-added-params', '5%'];
    const { code, stdout, stderr } = await run(words, { cwd });
    expect(code).toBe(4);
    const [broken, over, another, end] = stderr.trim().split('\n');
    expect(broken).toMatch(/^se-retrofit: broken\.h5: /);
    expect(over).toMatch(/^se-retrofit: resnet-v1: .*--max-added-params 5% allows/);
    expect(another).toMatch(/^se-retrofit: net\.keras: /);
    expect(end).toBe('se-retrofit: 3 of 4 models failed');
    expect(stdout).toMatch(/^broken\.h5 .*failed: not-a-model$/m);
    expect(stdout).toMatch(/^vgg +6 .*vgg-se/m);
    expect(namesIn(join(cwd, 'out'))).toEqual(expect.arrayContaining([join('vgg-se', 'model.json')]));
    expect(namesIn(join(cwd, 'out')).some((name) => /resnet|net-se|broken/.test(name))).toBe(false);
  });

  test('prints one JSON object, with the report or the error of each in their order', async () => {
    const cwd = await models();
    const { code, stdout } = await run([...NAMES, 'none.h5', '--output-dir', 'out', '--json'], { cwd });
    expect(code).toBe(4);
    const { models: found } = addSeveralReportSchema.strict().parse(JSON.parse(stdout));
    expect(found.map((each) => ('error' in each ? each.error.code : each.output?.path))).toEqual([
      join('out', 'resnet-v1-se', 'model.json'),
      join('out', 'vgg-se', 'model.json'),
      join('out', 'net-se.keras'),
      'not-found',
    ]);
  });

  test('advises what fits several: another folder, and no -o', async () => {
    const cwd = await models();
    await run([...NAMES, '--output-dir', 'out', '--quiet'], { cwd });
    const { code, stderr } = await run([...NAMES, '--output-dir', 'out'], { cwd });
    expect(code).toBe(2);
    expect(stderr.match(/\(give another folder with --output-dir, or --force to replace it\)/g)).toHaveLength(3);
    expect(stderr).not.toMatch(/ -o\b/);
  });

  test('the place of one model, in a config: nobody gave -o', async () => {
    const cwd = await models();
    writeFileSync(join(cwd, 'config.json'), '{ "output": "new.keras" }');
    const { code, stderr } = await run([...NAMES, '--output-dir', 'out', '--config', 'config.json'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('"output" in config.json is for one model, and --output-dir for several');
  });

  test('is quiet, and dry', async () => {
    const cwd = await models();
    expect(await run([...NAMES, '--output-dir', 'out', '--quiet'], { cwd })).toMatchObject({ stdout: '', stderr: '' });
    const dry = await run([...NAMES, '--output-dir', 'other', '--dry-run'], { cwd });
    expect(dry.code).toBe(0);
    expect(dry.stdout.match(/dry run$/gm)).toHaveLength(3);
    // Nothing is written, so that it need not be said where.
    expect(await run([...NAMES, '--dry-run'], { cwd })).toMatchObject({ code: 0, stdout: dry.stdout });
    expect(namesIn(cwd)).not.toContain('other');
  });

  test('two models of one name do not come out in one place, even with --force', async () => {
    const cwd = newFolder();
    for (const name of ['a', 'b']) {
      mkdirSync(join(cwd, name));
      await writeModel(await readModel(copyFixture('vgg', newFolder())), join(cwd, name, 'net.keras'));
    }
    const words = [join('a', 'net.keras'), join('b', 'net.keras'), '--output-dir', 'out', '--force'];
    const { code, stderr } = await run(words, { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/b\/net\.keras: it would be written as out\/net-se\.keras, as a\/net\.keras is \(/);
  });

  test.each([
    [
      ['vgg', 'out'],
      /2 models are given, and no file called "out" .*--output-dir DIR; of one model, the place of the new one is -o NAME/,
    ],
    [['vgg', 'net.keras'], /2 models are given, .*\(give it with --output-dir DIR\)/],
    [['vgg', 'net.keras', '-o', 'out'], /2 models are given/],
    [['vgg', 'net.keras', '-o', 'out', '--output-dir', 'all'], /^se-retrofit: -o is for one model/],
    [['vgg', 'net.keras', '-w', 'x.h5', '--output-dir', 'all'], /^se-retrofit: -w is .*retrofit that model by itself/],
    [['vgg', '--html', 'page.html', '--output-dir', 'all'], /^se-retrofit: --html is for one model/],
  ])('%j: 2', async (words, said) => {
    const cwd = await models();
    const before = namesIn(cwd);
    expectFailure(await run(words, { cwd }), 2, said);
    expect(namesIn(cwd)).toEqual(before);
  });
});
