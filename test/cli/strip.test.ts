import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { errorReportSchema, stripReportSchema } from '../../src/index.js';
import { bytesIn, copyFixture, expectFailure, makeFolders, namesIn } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';
import { buildModel, layer, layersOf, writeBuilt } from '../support/model-builder.js';

const newFolder = makeFolders();

/** A retrofitted model, `<folder>/net-se`, and the folder of what it was. */
async function retrofitted(
  name = 'resnet-v1',
  ...flags: string[]
): Promise<{ folder: string; before: string; after: string }> {
  const folder = newFolder();
  const before = copyFixture(name, folder);
  expect((await run([before, '--quiet', ...flags])).code).toBe(0);
  return { folder, before, after: `${before}-se` };
}

test('the model comes back, beside the other, and the report says what was taken out', async () => {
  const { before, after } = await retrofitted();
  const { code, stdout, stderr } = await run(['strip', after, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const report = stripReportSchema.strict().parse(JSON.parse(stdout));
  expect(report.output.path).toBe(join(`${after}-plain`, 'model.json'));
  expect(report).toMatchObject({ exact: true, warnings: [], input: { path: after } });
  expect(report.modules.slice(0, 2)).toEqual([
    { name: 'se_2_1', stage: 2, after: 'conv2_block1_3_bn' },
    { name: 'se_2_2', stage: 2, after: 'conv2_block2_3_bn' },
  ]);
  expect(report.modules.length).toBe(6);
  expect(bytesIn(`${after}-plain`)).toEqual(bytesIn(before));
});

test('people are told in two lines, or not at all', async () => {
  const { after } = await retrofitted();
  const told = await run(['strip', after]);
  expect(told.stdout).toMatch(
    /^taken out: se_2_1, se_2_2, se_3_1, se_3_2 and 2 more\n.*-plain\/model\.json {2}\(.* ms\)\n$/,
  );
  const quiet = await run(['strip', after, '-o', `${after}-quiet`, '--quiet']);
  expect(quiet).toMatchObject({ code: 0, stdout: '', stderr: '' });
});

test.each([
  ['keras-zip', 'net.keras'],
  ['keras-h5', 'net.h5'],
  ['keras-json', 'net.json'],
])('to %s', async (container, name) => {
  const { folder, after } = await retrofitted('sequential-object');
  const output = join(folder, name);
  const { code, stdout } = await run([
    'strip',
    after,
    '-o',
    output,
    '--to',
    container,
    '--dialect',
    'keras2',
    '--json',
  ]);
  expect(code).toBe(0);
  expect(stripReportSchema.parse(JSON.parse(stdout)).output).toMatchObject({
    path: output,
    format: { container, dialect: 'keras2' },
  });
  expect((await run(['strip', output])).stderr).toMatch(/no SE modules/);
});

test('the default name has the ending of the input', async () => {
  const { folder, before } = await retrofitted();
  expect((await run([before, '-o', join(folder, 'net.keras')])).code).toBe(0);
  expect((await run(['strip', join(folder, 'net.keras')])).code).toBe(0);
  expect(existsSync(join(folder, 'net-plain.keras'))).toBe(true);
});

test('where the gates do something, it warns and is not exact', async () => {
  const { after } = await retrofitted('resnet-v1', '--init', 'paper');
  const { code, stdout } = await run(['strip', after, '--json']);
  expect(code).toBe(0);
  const { exact, warnings } = stripReportSchema.parse(JSON.parse(stdout));
  expect(exact).toBe(false);
  expect(warnings.map((warning) => warning.code)).toEqual(['function-changes']);
  const told = await run(['strip', after, '--force']);
  expect(told.stderr).toMatch(/^warning: 6 of 6 modules did something, .* \(se-retrofit bake .*\)\n$/);
});

describe('refused, with nothing written', () => {
  test.each([
    ['a model without modules', 'resnet-v1', 'no-modules', 4, /no SE modules/],
    ['modules of other people', 'se-already', 'no-modules', 4, /not put in by se-retrofit/],
  ])('%s', async (_, name, code, exit, message) => {
    const folder = newFolder();
    const model = copyFixture(name, folder);
    const before = namesIn(folder);
    expectFailure(await run(['strip', model]), exit, message);
    const { stdout } = await run(['strip', model, '--json']);
    expect(errorReportSchema.parse(JSON.parse(stdout))).toMatchObject({ command: 'strip', error: { code } });
    expect(namesIn(folder)).toEqual(before);
  });

  test('no such file, no model, no argument, unknown flags', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'empty'));
    writeFileSync(join(folder, 'text.json'), '{"a": 1}');
    expectFailure(await run(['strip', join(folder, 'nothing')]), 4, /nothing/);
    expectFailure(await run(['strip', join(folder, 'empty')]), 4, /model\.json/);
    expectFailure(await run(['strip', join(folder, 'text.json')]), 4);
    expectFailure(await run(['strip']), 2, /missing required argument/);
    const { after } = await retrofitted();
    expectFailure(await run(['strip', after, '--ratio', '4']), 2, /unknown option/);
    expectFailure(await run(['strip', after, '--to', 'onnx']), 2, /onnx/);
  });

  test('an output that exists, or is the input', async () => {
    const { before, after } = await retrofitted();
    expectFailure(await run(['strip', after, '-o', before]), 2, /exists/);
    expectFailure(await run(['strip', after, '-o', after, '--force']), 2, /input/);
    expect((await run(['strip', after, '-o', before, '--force'])).code).toBe(0);
  });

  test('a module that somebody renamed: its layer is named', async () => {
    const { folder, after } = await retrofitted();
    const file = join(after, 'model.json');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('se_3_1_reduce', 'my_reduce'));
    const before = namesIn(folder);
    expectFailure(await run(['strip', after]), 4, /layer "se_3_1_reduce"/, /renamed/);
    expect(namesIn(folder)).toEqual(before);
  });

  test('a model that carries code, with --deny-code', async () => {
    const folder = newFolder();
    const model = buildModel();
    layersOf(model).splice(6, 0, layer('OurOwnLayer', 'sneaky', { strength: 3 }, ['rectified']));
    layersOf(model)[7]!.inbound_nodes = [[['sneaky', 0, 0, {}]]];
    const path = writeBuilt(join(folder, 'net'), model);
    expect((await run([path, '-o', join(folder, 'se')])).code).toBe(0);
    expectFailure(await run(['strip', join(folder, 'se'), '--deny-code']), 3, 'sneaky');
    expect((await run(['strip', join(folder, 'se')])).code).toBe(0);
  });
});
