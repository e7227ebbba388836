import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { bakeReportSchema, exciteReportSchema, tuneReportSchema } from '../../src/index.js';
import { bytesIn, expectFailure, makeFolders } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';
import { makeTunePlace, type TunePlace } from './tune-place.js';

const newFolder = makeFolders();
let place: TunePlace;
beforeAll(async () => {
  place = await makeTunePlace();
});

function writeConfig(config: unknown): string {
  const file = join(newFolder(), 'config.json');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

const tune = (config: unknown, ...words: readonly string[]) =>
  run(['tune', place.model('resnet-dropout'), place.images, '--config', writeConfig(config), ...words]);

const reportOf = ({ stdout }: { readonly stdout: string }) => tuneReportSchema.parse(JSON.parse(stdout));

test('options of tune stand in a file, and flags win', async () => {
  const output = join(newFolder(), 'out');
  const config = { output, backend: 'cpu', epochs: 1, batch: 8, learningRate: 0.01, flip: true, patience: null };
  const report = reportOf(await tune(config, '--json'));
  expect(report.output.path).toBe(join(output, 'model.json'));
  expect(report.options).toMatchObject({ epochs: 1, batch: 8, learningRate: 0.01, flip: true });
  const other = reportOf(await tune(config, '--json', '--force', '--learning-rate=0.002', '--batch', '4'));
  expect(other.options).toMatchObject({ epochs: 1, batch: 4, learningRate: 0.002 });
});

test('the options of a report can be given back, for the same bytes', async () => {
  const [one, two] = [join(newFolder(), 'one'), join(newFolder(), 'two')];
  const first = await place.tune(
    'resnet-dropout',
    one,
    '--json',
    '--shift',
    '2',
    '--train',
    'norms,head',
    '--epochs',
    '1',
  );
  const { options } = reportOf(first);
  const second = reportOf(await tune(options, '-o', two, '--backend', 'cpu', '--json'));
  expect(second.options).toEqual(options);
  expect(bytesIn(two)).toEqual(bytesIn(one));
});

test('so can those of excite and bake', async () => {
  const [folder, model] = [newFolder(), place.model('resnet-dropout')];
  const csv = ['--per-class', '2', '--classes', 'b,d', '--backend', 'cpu', '--batch', '2'];
  const runs = [
    { words: ['excite', model, place.images], flags: csv, schema: exciteReportSchema },
    { words: ['bake', model, place.images], flags: ['--below', '0.9', '--backend', 'cpu'], schema: bakeReportSchema },
  ];
  for (const { words, flags, schema } of runs) {
    const [one, two] = [join(folder, `${words[0]}-1`), join(folder, `${words[0]}-2`)];
    const optionsOf = ({ stdout }: { readonly stdout: string }) => schema.parse(JSON.parse(stdout)).options;
    const options = optionsOf(await run([...words, ...flags, '-o', one, '--json']));
    expect(Object.keys(options).length).toBeGreaterThan(8);
    const config = writeConfig(options);
    expect(optionsOf(await run([...words, '--config', config, '-o', two, '--json']))).toEqual(options);
    expect(bytesIn(two)).toEqual(bytesIn(one));
  }
});

test.each([
  { config: { epochz: 3 }, said: ['epochz', 'did you mean "epochs"?'] },
  { config: { epoc: 1 }, said: ['epoc: there is no such key', 'did you mean "epochs"'] },
  { config: { learn: 1 }, said: ['learn: there is no such key', 'did you mean "learningRate"'] },
  { config: { stage: 1 }, said: ['stage: there is no such key', 'it is an option of add, inspect'] },
  { config: { json: true }, said: ['json', 'the keys are '] },
  { config: { flip: 'yes' }, said: ['flip', 'give true or false'] },
  { config: { epochs: '3' }, said: ['epochs: "3" does not fit', 'give it as a number, without quotes'] },
  { config: { epochs: { many: 1 } }, said: ['epochs', 'give what stands behind --epochs'] },
  { config: { epochs: 'many' }, said: ['config.json, epochs: "many" does not fit', 'give a whole number from 1'] },
  { config: { learningRate: -1 }, said: ['learningRate: -1 does not fit', '"-1" is no number above 0'] },
  { config: { head: 'other' }, said: ['head: "other" does not fit', 'give one of keep, new'] },
  { config: { train: 'tail' }, said: ['train: "tail" does not fit', 'give modules, head'] },
  { config: { train: ['modules', 'head'] }, said: ['train: ["modules","head"] does not fit', 'give one value'] },
  { config: [1], said: ['the config is no object', 'give {'] },
])('$config: refused, with what may stand there', async ({ config, said }) => {
  const result = await tune(config, '-o', join(newFolder(), 'out'));
  for (const words of said) expectFailure(result, 2, words);
});

test('a file that is none', async () => {
  const words = ['excite', place.model('resnet-dropout'), place.images, '--config', join(newFolder(), 'none.json')];
  expectFailure(await run(words), 2, 'the config cannot be used');
});

test('lists are given one by one', async () => {
  const csv = join(newFolder(), 'gates.csv');
  const config = writeConfig({
    classes: ['b', 'd'],
    perClass: 1,
    backend: 'cpu',
    csv,
    output: join(newFolder(), 'page'),
  });
  const { code } = await run(['excite', place.model('resnet-dropout'), place.images, '--config', config]);
  expect(code).toBe(0);
  expect(readFileSync(csv, 'utf8').split('\n').length).toBeGreaterThan(2);
});
