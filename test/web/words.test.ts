import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { errorWords, OWN_ADVICE, OWN_SENTENCES, warningWords } from '../../examples/web/words.js';
import { RetrofitError } from '../../src/errors.js';
import { planRetrofit, readModel, strip } from '../../src/web.js';
import { modelFolder } from '../support/fixtures.js';

// The page of examples/web says in its own words what the library says for command lines.

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));
const OF_COMMAND_LINES = /(^|[\s(])--?[a-z]|se-retrofit/i;
/** Rooms that no page reaches. */
const ELSEWHERE = /^(cli|tune|runtime|images|storage\/node)\//;
/** Errors that a page cannot bring about: it names no outputs and weights, and fetches nothing. */
const NEVER = ['not-found', 'output-exists', 'output-is-input', 'weights-not-used'];

const FILES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !ELSEWHERE.test(name))
  .map((name) => [name, readFileSync(join(SRC, name), 'utf8')] as const);

/** The codes of errors whose text, as it stands in the source, is one for command lines. */
function codesOf(pattern: RegExp): readonly string[] {
  return FILES.flatMap(([, text]) =>
    [...text.matchAll(pattern)].flatMap(([, code, rest]) =>
      /['"`( ]--?[a-z]|-w |-o |se-retrofit/.test(rest!.replaceAll(/ - /g, '')) ? [code!] : [],
    ),
  );
}

test('every error that speaks of flags has words of the page', () => {
  const codes = codesOf(/(?:usage|input|output)Error\(\s*'([a-z0-9-]+)',([\s\S]*?)(?=\n\}|\n {2}\}\n|Error\()/g);
  expect(codes.length).toBeGreaterThan(10);
  expect([...new Set(codes)].filter((code) => !OWN_ADVICE.has(code) && !NEVER.includes(code)).sort()).toEqual([]);
});

test('every warning that speaks of flags has words of the page', () => {
  const messages = FILES.flatMap(([name, text]) =>
    [...text.matchAll(/code: '([a-z0-9-]+)',\s*message:?([^}]*)\}/g)].map(([, code, message]) => [
      name,
      code!,
      message!,
    ]),
  );
  expect(messages.length).toBeGreaterThan(20);
  const flagged = messages.filter(([, , message]) => /--[a-z]|se-retrofit/.test(message!)).map(([, code]) => code!);
  // The worker says for itself what taking modules out changes.
  expect(flagged.filter((code) => !OWN_SENTENCES.has(code) && code !== 'function-changes')).toEqual([]);
});

const filesOf = (name: string) =>
  readdirSync(modelFolder(name))
    .filter((file) => file !== 'expected.json')
    .map((file) => [file, new Blob([readFileSync(join(modelFolder(name), file))])] as const);

test.each([
  [{ skipStages: [9] }, 'skipStages', 'There is no stage 9: the network has the stages 1 to 4.'],
  [{ ratio: 0 }, 'ratio', 'Give a number from 1 to 4096.'],
  [{ seed: 0.5 }, 'seed', 'Give a whole number from 0 to 4294967295.'],
  [{ skipStages: [0.5] }, 'skipStages', '“0.5” does not fit.'],
  [{ stages: [1, 4], skipStages: [4] }, 'skipStages', 'Stage 4 is both chosen and skipped: name it once.'],
  [{ stages: [7] }, 'stages', 'There is no stage 7: the network has the stages 1 to 4.'],
  [{ at: ['conv2_block1_ad'] }, 'at', /^There is no layer “conv2_block1_ad”/],
  [
    { at: ['conv1'], granularity: 'conv' as const },
    'at',
    'The layers are named: leave “Where in a block” and “How many” as they were at the beginning.',
  ],
  [
    { include: ['nothing*'] },
    'include',
    /^No module would go behind “nothing\*”: they would go behind “.*and the like\.$/,
  ],
  [{ exclude: ['nothing*'] }, 'exclude', /^No module would go behind “nothing\*”/],
  [{ placement: 'inside' as 'pre' }, 'placement', 'There is no choice “inside”.'],
])('%j is answered beside its field', async (options, field, what) => {
  const model = await readModel(filesOf('resnet-v1'));
  try {
    planRetrofit(model, options);
  } catch (error) {
    if (!(error instanceof RetrofitError)) throw error;
    expect(error.where.field).toBe(field);
    const words = errorWords({ ...error, sentence: error.message });
    expect(words.what).toEqual(typeof what === 'string' ? what : expect.stringMatching(what));
    expect(words.advice).toBe('');
    expect(Object.values(words).join(' ')).not.toMatch(OF_COMMAND_LINES);
    return;
  }
  throw new Error('it was planned');
});

test.each([
  ['resnet-v1', 'There are no modules in this model.'],
  ['se-already', 'The modules in this model were part of it from the beginning, and cannot be taken out.'],
])('of %s nothing is taken out', async (name, what) => {
  const model = await readModel(filesOf(name));
  try {
    strip(model);
  } catch (error) {
    if (!(error instanceof RetrofitError)) throw error;
    expect(errorWords({ ...error, sentence: error.message }).what).toBe(what);
    return;
  }
  throw new Error('it was taken out');
});

test('an HDF5 file with a link in it is to be saved anew: there is no folder to choose', () => {
  const hint = 'save the model anew with Keras, without links';
  const error = { code: 'unsafe-path', sentence: 'a soft link', where: { field: '/model_weights' }, facts: {}, hint };
  expect(errorWords(error).advice).toBe('Save the model anew with Keras, without links.');
});

test('a warning says where, and ends', () => {
  expect(warningWords({ code: 'half-precision', message: 'computes in half', where: 'conv' })).toBe(
    'conv: Computes in half.',
  );
});
