import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyFixture, expectFailure, makeFolders } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';
import { buildModel, groupOf, input, layer, layersOf, nested, writeBuilt } from '../support/model-builder.js';
import { type AddReport, addReport } from './add-report.js';

const newFolder = makeFolders();
const resnet = copyFixture('resnet-v1', newFolder());

const planned = (...flags: string[]): Promise<AddReport> => addReport([resnet, '--dry-run', ...flags]);
const namesOf = ({ sites }: AddReport): readonly string[] => sites.map(({ name }) => name);

describe('which sites', () => {
  test.each([
    [
      ['--stage', '2'],
      ['se_2_1', 'se_2_2'],
    ],
    [
      ['--stage', '2,4'],
      ['se_2_1', 'se_2_2', 'se_4_1', 'se_4_2'],
    ],
    [
      ['--stage', '2', '--stage', '4'],
      ['se_2_1', 'se_2_2', 'se_4_1', 'se_4_2'],
    ],
    [
      ['--stage', 'last'],
      ['se_4_1', 'se_4_2'],
    ],
    [
      ['--skip-stage', 'last'],
      ['se_2_1', 'se_2_2', 'se_3_1', 'se_3_2'],
    ],
    [
      ['--skip-stage', '2, 4'],
      ['se_3_1', 'se_3_2'],
    ],
    [
      ['--stage', '2,3', '--skip-stage', 'last'],
      ['se_2_1', 'se_2_2', 'se_3_1', 'se_3_2'],
    ],
    [
      ['--include', 'conv3_*'],
      ['se_3_1', 'se_3_2'],
    ],
    [
      ['--include', '*block1*', '--include', 'conv4_block2*'],
      ['se_2_1', 'se_3_1', 'se_4_1', 'se_4_2'],
    ],
    [
      ['--exclude', '*block1*'],
      ['se_2_2', 'se_3_2', 'se_4_2'],
    ],
    [['--include', 'conv2_*', '--exclude', '*block2*'], ['se_2_1']],
    [['--at', 'conv3_block1_3_bn'], ['se_3_1']],
  ])('%s', async (flags, names) => {
    expect(namesOf(await planned(...flags))).toEqual(names);
  });

  test('the stages that are skipped stand in the report', async () => {
    const { stages, skipped } = await planned('--skip-stage', 'last');
    expect(stages.map(({ stage, skipped }) => [stage, skipped])).toEqual([
      [1, false],
      [2, false],
      [3, false],
      [4, true],
    ]);
    expect(skipped.map(({ stage, reason }) => [stage, reason])).toEqual([
      [4, 'stage-skipped'],
      [4, 'stage-skipped'],
    ]);
  });

  test.each(['pre', 'post', 'identity'])('--placement %s', async (placement) => {
    const { sites } = await planned('--placement', placement);
    expect(sites.length).toBeGreaterThan(0);
    for (const site of sites) expect(site.placement).toBe(placement);
  });

  test('--granularity', async () => {
    expect(namesOf(await planned('--granularity', 'stage'))).toEqual(['se_2', 'se_3', 'se_4']);
    for (const name of namesOf(await planned('--granularity', 'conv'))) expect(name).toMatch(/^se_\d_\d_\d/);
  });

  test('--ratio, --min-units and --bias change units and parameters', async () => {
    const { sites } = await planned('--ratio', '2', '--min-units', '1', '--bias');
    for (const { channels, units, params } of sites) {
      expect(units).toBe(Math.floor(channels / 2));
      expect(params).toBe(2 * channels * units + channels + units);
    }
  });
});

describe('what is not there', () => {
  test.each([
    [['--stage', '5'], '1 to 4'],
    [['--skip-stage', '9'], '1 to 4'],
    [['--include', 'nothing*'], 'nothing*'],
    [['--exclude', 'nothing*'], 'nothing*'],
    [['--at', 'no_such_layer'], 'no_such_layer'],
    [['--stage', '1'], /stage/],
    [['--include', '*', '--exclude', '*'], /among those left out/],
  ])('%s', async (flags, said) => {
    expectFailure(await run([resnet, ...flags]), 2, said);
    expect(existsSync(`${resnet}-se`)).toBe(false);
  });

  test('no site at all: 4', async () => {
    const folder = newFolder();
    const model = buildModel();
    model.json.modelTopology.config.layers = layersOf(model).filter(({ name }) => ['image', 'classes'].includes(name));
    layersOf(model)[0]!.config.batch_input_shape = [null, 4];
    layersOf(model)[1]!.inbound_nodes = [[['image', 0, 0, {}]]];
    groupOf(model).weights = groupOf(model).weights.slice(-2);
    model.files.set('weights.bin', new Uint8Array(4 * (12 + 3)));
    const path = writeBuilt(folder, model);
    expectFailure(await run([path]), 4, /no block|nothing/);
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
  });

  test('blocks that cannot take a module: not silently a copy', async () => {
    const model = copyFixture('conv3d-plain', newFolder());
    const result = await run([model]);
    expectFailure(result, result.code!, /global pooling/);
    expect([2, 4]).toContain(result.code);
    expect(existsSync(`${model}-se`)).toBe(false);
  });
});

describe('modules that are there already', () => {
  test.each(['se-already', 'efficientnet-like', 'mobilenet-v3-like', 'hard-sigmoid-se'])('%s', async (name) => {
    const model = copyFixture(name, newFolder());
    expectFailure(await run([model]), 2, /already/);
    expect(existsSync(`${model}-se`)).toBe(false);
  });

  test('running twice is refused', async () => {
    const model = copyFixture('resnet-v1', newFolder());
    expect((await run([model])).code).toBe(0);
    expectFailure(await run([`${model}-se`]), 2, /already/);
    expect(existsSync(`${model}-se-se`)).toBe(false);
  });

  test.each(['standard', 'pre', 'post', 'identity'])('with --placement %s too', async (placement) => {
    const model = copyFixture('resnet-v1', newFolder());
    expect((await run([model, '--placement', placement])).code).toBe(0);
    expectFailure(await run([`${model}-se`, '--placement', placement]), 2, /already/);
    expectFailure(await run([`${model}-se`]), 2, /already/);
  });

  test.each([
    ['--granularity', 'conv'],
    ['--granularity', 'stage'],
    ['--form', 'conv'],
    ['--squeeze', 'max'],
    ['--bias'],
    ['--init', 'paper'],
  ])('whatever they look like: %s %s', async (...flags) => {
    const model = copyFixture('resnet-v1', newFolder());
    expect((await run([model, ...flags])).code).toBe(0);
    expectFailure(await run([`${model}-se`, ...flags]), 2, /already/);
  });

  test('another stage gets only its own', async () => {
    const model = copyFixture('resnet-v1', newFolder());
    expect(namesOf(await addReport([model, '--stage', '2']))).toEqual(['se_2_1', 'se_2_2']);
    const second = await addReport([`${model}-se`, '--stage', '3']);
    expect(namesOf(second)).toEqual(['se_3_1', 'se_3_2']);
    const third = await addReport([`${model}-se-se`]);
    expect(namesOf(third)).toEqual(['se_4_1', 'se_4_2']);
    expect(third.skipped.map(({ reason }) => reason)).toEqual(Array(4).fill('has-module'));
    expectFailure(await run([`${model}-se-se-se`]), 2, /already/);
  });

  test('all at once or in two runs: the same modules', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    const once = await addReport([model, '-o', join(folder, 'once')]);
    await addReport([model, '-o', join(folder, 'first'), '--stage', '2']);
    const twice = await addReport([join(folder, 'first'), '-o', join(folder, 'twice')]);
    expect(twice.params.after).toBe(once.params.after);
  });
});

describe('--max-added-params', () => {
  // resnet-v1 has 3,331 parameters and gets 288: 8.6 %.
  test.each(['8%', '287', '0', '0%', '0.28k', '8.6%'])('%s is too little: 3', async (budget) => {
    expectFailure(await run([resnet, '--max-added-params', budget]), 3, '288', 'max-added-params');
    expect(existsSync(`${resnet}-se`)).toBe(false);
  });

  test.each(['8.7%', '288', '0.3k', '1M', '100 %'])('%s is enough', async (budget) => {
    expect((await run([resnet, '--dry-run', '--max-added-params', budget])).code).toBe(0);
  });

  test.each([
    [[], '(a smaller --min-units or --skip-stage last'],
    [['--ratio', '1'], '(a larger --ratio or --skip-stage last'],
    [['--skip-stage', 'last'], '(a smaller --min-units or --skip-stage 3'],
    [['--stage', '3,4'], 'fewer stages in --stage'],
    [['--stage', '3', '--ratio', '2'], '(a larger --ratio would add fewer'],
    [['--stage', '3', '--min-units', '1', '--ratio', '4096'], '(nothing was written)'],
  ])('%j: the hint proposes what is not there yet', async (flags, hint) => {
    expectFailure(await run([resnet, '--max-added-params', '0', ...flags]), 3, hint);
  });

  test('a dry run answers no too', async () => {
    expectFailure(await run([resnet, '--dry-run', '--max-added-params', '1%']), 3);
  });
});

describe('--deny-code', () => {
  const lambda = () =>
    layer('Lambda', 'sneaky', { function: ['4wEAAAAA', null, null], function_type: 'lambda' }, ['x']);
  const custom = () => layer('OurOwnLayer', 'sneaky', { strength: 3 }, ['x']);

  test.each([
    ['a Lambda', lambda],
    ['a custom layer', custom],
  ])('%s two models deep: 3', async (_, make) => {
    const folder = newFolder();
    const model = buildModel();
    const inner = nested('inner', [input('x', [8, 8, 4]), make()], ['y']);
    const outer = nested('outer', [input('y', [8, 8, 4]), inner], ['rectified']);
    layersOf(model).splice(6, 0, outer);
    layersOf(model)[7]!.inbound_nodes = [[['outer', 1, 0, {}]]];
    const path = writeBuilt(folder, model);
    expectFailure(await run([path, '--deny-code']), 3, 'sneaky');
    expectFailure(await run([path, '--deny-code', '--dry-run']), 3, 'sneaky');
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
    const allowed = await addReport([path]);
    expect(allowed.warnings).toContainEqual(expect.objectContaining({ code: 'carried-code', where: 'sneaky' }));
  });

  test('a model without code passes', async () => {
    expect((await run([resnet, '--dry-run', '--deny-code'])).code).toBe(0);
  });
});
