import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { listLoaders } from '../../../src/formats/verdict/loaders.js';
import { readModel } from '../../../src/index.js';
import { runHere } from '../../support/cli-here.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

// Keras 3.0 to 3.3 want the ends of a functional model in a list, also in a Sequential model, where Keras 3.15 takes it
// for a list of one. `npm run versions` has both load what is written.

const folder = temporaryFolder();
const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/early-keras3/${name}`, import.meta.url));

const takesIt = async (path: string): Promise<boolean> => {
  const { graph, format } = await readModel(path);
  return listLoaders(graph, format.container).find(({ loader }) => loader === 'keras3')!.ok;
};

async function runTool(...words: readonly string[]): Promise<readonly string[]> {
  const { code, stdout } = await runHere([...words, '--force', '--json']);
  expect(code).toBe(0);
  return JSON.parse(stdout).warnings.map((warning: { readonly code: string }) => warning.code);
}

test.each(['stacked.keras', 'stacked.json'])(
  '%s: retrofitted for its own version, converted for today',
  async (name) => {
    const [retrofitted, converted] = [`${folder}/se-${name}`, `${folder}/today-${name}`];
    expect(await takesIt(fixture(name))).toBe(true);
    expect(await runTool(fixture(name), '-o', retrofitted)).toContain('layout-too-old');
    expect(await takesIt(retrofitted)).toBe(false);
    expect(await runTool('convert', retrofitted, '-o', converted)).not.toContain('layout-too-old');
    expect(await takesIt(converted)).toBe(true);
  },
);

test('an architecture of a later Keras is not taken for one of an early one', async () => {
  const later = readFileSync(fixture('stacked.json'), 'utf8').replaceAll(
    '"sparse": false',
    '"sparse": false, "ragged": false',
  );
  writeFileSync(`${folder}/later.json`, later);
  writeFileSync(`${folder}/later.weights.h5`, readFileSync(fixture('stacked.weights.h5')));
  expect(await runTool(`${folder}/later.json`, '-o', `${folder}/later-se.json`)).not.toContain('layout-too-old');
  expect(await takesIt(`${folder}/later-se.json`)).toBe(true);
});

test('Keras 3.0 to 3.2 load no functional model in a Sequential one: what becomes one is written for today', async () => {
  const { keras_version: _, ...architecture } = JSON.parse(readFileSync(fixture('stacked.json'), 'utf8'));
  const early = `${folder}/early.json`;
  writeFileSync(early, JSON.stringify({ ...architecture, keras_version: '3.2.1' }));
  writeFileSync(`${folder}/early.weights.h5`, readFileSync(fixture('stacked.weights.h5')));
  const codes = await runTool(early, '-o', `${folder}/early-se.json`);
  expect(codes).toContain('layout-too-new');
  expect(codes).not.toContain('layout-too-old');
  expect(await takesIt(`${folder}/early-se.json`)).toBe(true);
});
