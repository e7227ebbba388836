import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copyFixture, expectFailure, makeFolders } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';
import { addReport } from './add-report.js';

const newFolder = makeFolders();
const folder = newFolder();
const model = copyFixture('resnet-v1', folder);

let count = 0;
function config(content: unknown): string {
  const path = join(folder, `config-${count++}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

test('its options are used', async () => {
  const path = config({ ratio: 2, skipStage: ['last'], form: 'conv', bias: true, seed: 7, minUnits: 3 });
  const { options, sites } = await addReport([model, '--dry-run', '--config', path]);
  expect(options).toMatchObject({ ratio: 2, skipStages: ['last'], form: 'conv', bias: true, seed: 7, minUnits: 3 });
  expect(sites.map(({ name }) => name)).toEqual(['se_2_1', 'se_2_2', 'se_3_1', 'se_3_2']);
});

test('flags win', async () => {
  const path = config({ $schema: './schemas/config.schema.json', ratio: 2, stage: [2], bias: true });
  const { options } = await addReport([model, '--dry-run', '--ratio', '4', '--stage', '3', '--config', path]);
  expect(options).toMatchObject({ ratio: 4, stages: [3], bias: true });
});

test('the options of a report are a config', async () => {
  const flags = ['--ratio', '4', '--skip-stage', 'last', '--include', '*', '--max-added-params', '90%'];
  const first = await addReport([model, '--dry-run', ...flags]);
  const again = await addReport([model, '--dry-run', '--config', config(first.options)]);
  expect({ ...again, milliseconds: 0 }).toEqual({ ...first, milliseconds: 0 });
});

test('an empty config changes nothing', async () => {
  const plain = await addReport([model, '--dry-run']);
  const configured = await addReport([model, '--dry-run', '--config', config({})]);
  expect({ ...configured, milliseconds: 0 }).toEqual({ ...plain, milliseconds: 0 });
});

test('its output and budget are used', async () => {
  const output = join(newFolder(), 'out');
  expect((await run([model, '--config', config({ output })])).code).toBe(0);
  expect(existsSync(join(output, 'model.json'))).toBe(true);
  expectFailure(await run([model, '--config', config({ maxAddedParams: '1%' })]), 3, '1%');
});

test('denyCode and allowLinks are options too', async () => {
  const { options } = await addReport([model, '--dry-run', '--config', config({ denyCode: true, allowLinks: true })]);
  expect(options).toMatchObject({ denyCode: true, allowLinks: true });
});

test('inspect takes one', async () => {
  const result = await run(['inspect', model, '--json', '--config', config({ ratio: 2 })]);
  expect(result.code).toBe(0);
  expect(JSON.parse(result.stdout).options.ratio).toBe(2);
});

const BAD_CONFIGS: readonly (readonly [content: object | string, ...words: (string | RegExp)[]])[] = [
  [{ ratoi: 4 }, 'ratoi: there is no such key (did you mean "ratio"?)'],
  [{ skip: [1] }, 'skip: there is no such key (did you mean "skipStages"?)'],
  [{ stage: 1 }, 'stage: 1 does not fit (give a list: [1])'],
  [{ skipStages: 'last' }, 'skipStages: "last" does not fit (give a list: ["last"])'],
  [{ colour: 4 }, /colour: there is no such key \(the keys are .*output.*weights.*to.*dialect/],
  [{ stages: [4], stage: [4] }, 'stage and stages are the same'],
  [{ bais: true }, '"bias"'],
  [{ ratio: 4, quiet: true }, 'quiet'],
  [{ 'skip-stage': [5] }, '"skipStage'],
  [{ ratio: '16' }, 'ratio: "16" does not fit (give a number from 1 to 4096)'],
  [{ maxAddedParams: 5 }, 'maxAddedParams: 5 does not fit (give a text such as "5%" or "200k")'],
  [{ ratio: 0 }, 'ratio', /1/],
  [{ ratio: 1e9 }, 'ratio', /4096/],
  [{ ratio: null }, 'ratio'],
  [{ stage: 5 }, 'stage'],
  [{ stage: [0] }, 'stage.0: 0 does not fit (give a whole number from 1, or "last")'],
  [{ include: 5 }, 'include: 5 does not fit (give a list, each entry a text that is not empty)'],
  [{ to: 'onnx' }, 'to: "onnx" does not fit (give one of tfjs, keras-h5, keras-json, keras-zip'],
  [{ stage: ['first'] }, 'stage'],
  [{ include: 'conv*' }, 'include'],
  [{ placement: 'sideways' }, 'placement', /standard.*pre.*post.*identity/],
  [{ bias: 'yes' }, 'bias'],
  [{ minUnits: 1.5 }, 'minUnits'],
  [{ seed: -1 }, 'seed'],
  [{ output: '' }, 'output'],
  [{ maxAddedParams: 5 }, 'maxAddedParams'],
  [{ maxAddedParams: 'lots' }, 'max-added-params'],
  [{ stage: [2], skipStage: [2] }, /stage/],
  ['[]', /object/],
  ['"text"', /object/],
  ['{"ratio": 4', /cannot be used/],
  ['{"ratio": 4, "ratio": 5}', /duplicate/],
  ['{"__proto__": {"ratio": 4}}', '__proto__'],
  ['', /JSON/],
  ['\ufeff{}', /byte order mark/],
];

test.each(BAD_CONFIGS.map(([content, ...words]) => ({ content, words })))(
  '$content is refused',
  async ({ content, words }) => {
    const path = config(content);
    expectFailure(await run([model, '--config', path]), 2, ...words);
    expect(readdirSync(folder)).not.toContain('resnet-v1-se');
  },
);

test('a config that is not there is named', async () => {
  expectFailure(await run([model, '--config', join(folder, 'nowhere.json')]), 2, 'nowhere.json');
  expectFailure(await run([model, '--config', folder]), 2, folder);
});
