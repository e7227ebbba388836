import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { inspect, readModel, retrofit, writeModel } from '../../src/index.js';
import { modelFolder } from '../support/fixtures.js';
import { isAll } from '../support/is-all.js';
import { randomIndex } from '../support/pairwise.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { REPAIRS } from './repairs.js';
import { patientThread } from './threads.mjs';

// Damage that people do to files, one to three kinds of it in a right model.json: real TensorFlow.js and our verdict say
// the same of what comes out, and what we write of it loads and computes the same bit for bit.

const SEED = Number(process.env.SE_RETROFIT_SEED ?? 20_261_128);
const BASES = ['mobilenet-v2', 'nested-backbone-functional', 'sequential-object', 'multi-io', 'bidirectional'];
const ALL_BASES = [
  ...BASES,
  'separable-pairs',
  'shared-layers',
  'quantized-uint8',
  'resnet-v1',
  'tfjs-saved',
  'siamese',
];
const COUNT = isAll ? 1500 : 30;
// TensorFlow.js never ends loading some of these: what takes so long on a second look does not load.
const [IMPATIENT, PATIENT] = [1500, 20_000];

const folder = temporaryFolder();
const thread = patientThread(new URL('judge-tfjs.mjs', import.meta.url), { megabytes: 1000 });
afterAll(async () => {
  await thread.end();
  console.log(`${COUNT} files: ${JSON.stringify(tally)}`);
});

interface Answer {
  readonly outputs?: readonly { readonly values: Float32Array }[];
  readonly refused?: string;
  readonly failed?: string;
}

const ask = (path: string, milliseconds: number): Promise<Answer> =>
  thread.ask({ path: join(path, 'model.json') }, milliseconds);

function damage(base: string, seed: number): { readonly path: string; readonly names: readonly string[] } {
  const random = randomIndex(seed);
  const path = join(folder, `${seed}`);
  cpSync(modelFolder(base), path, { recursive: true });
  const file = JSON.parse(readFileSync(join(path, 'model.json'), 'utf8'));
  const names: string[] = [];
  for (let tries = 1 + random(3); tries > 0; tries--) {
    const repair = REPAIRS[random(REPAIRS.length)]!;
    if (!names.includes(repair.name) && repair.apply(file, random)) names.push(repair.name);
  }
  writeFileSync(join(path, 'model.json'), JSON.stringify(file));
  return { path, names };
}

/** What became of the files: refused by us, loaded by TensorFlow.js as they were, or only as they are written. */
const tally = { refused: 0, loads: 0, mended: 0 };
const rightAnswers = new Map<string, Promise<Answer>>();

async function judge(base: string, seed: number): Promise<readonly string[]> {
  const { path, names } = damage(base, seed);
  const what = `${base}, seed ${seed} (${names.join(', ')})`;
  if (!rightAnswers.has(base)) rightAnswers.set(base, ask(modelFolder(base), PATIENT));
  const right = await rightAnswers.get(base)!;
  const read = await readModel(path).catch((error: Error) => error);
  const verdict = read instanceof Error ? undefined : inspect(read).loads.find(({ loader }) => loader === 'tfjs')!;
  const first = await ask(path, verdict?.ok ? PATIENT : IMPATIENT);
  const loads = first.outputs !== undefined;
  tally[read instanceof Error ? 'refused' : loads ? 'loads' : 'mended']++;
  if (read instanceof Error) return loads ? [`${what}: loads, and is refused: ${read.message}`] : [];
  const finds: string[] = [];
  if (verdict!.ok !== loads)
    finds.push(`${what}: loads ${loads}, ${first.refused}; our verdict ${JSON.stringify(verdict!.blockedBy)}`);
  await writeModel(read, `${path}-same`);
  const model = inspect(read).plan.sites.length > 0 ? retrofit(read) : read;
  await writeModel(model, `${path}-se`);
  for (const written of [`${path}-same`, `${path}-se`]) {
    const answer = await ask(written, PATIENT);
    const isSame = right.outputs!.every(({ values }, at) =>
      values.every((value, index) => Object.is(value, answer.outputs?.[at]?.values[index])),
    );
    if (!isSame) finds.push(`${what}: what is written computes otherwise: ${answer.refused ?? answer.failed ?? ''}`);
  }
  return finds;
}

describe(`repairs, seed ${SEED}`, () => {
  test.each(isAll ? ALL_BASES : BASES)(
    '%s',
    async (base) => {
      const bases = isAll ? ALL_BASES : BASES;
      const finds: string[] = [];
      for (let index = 0; index < COUNT / bases.length; index++)
        finds.push(...(await judge(base, SEED + index * bases.length + bases.indexOf(base))));
      expect(finds).toEqual([]);
    },
    isAll ? 3_600_000 : 120_000,
  );

  // What is refused to the last tries nothing.
  test('some of them load, and some are mended', () => {
    expect(tally.loads).toBeGreaterThan(0);
    expect(tally.mended).toBeGreaterThan(0);
  });
});
