import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inspect, readModel, retrofit, writeModel } from '../../src/index.js';
import { nodeStorage } from '../../src/storage/node/node-storage.js';
import { KERAS_REPAIRS } from '../fuzz/keras-repairs.js';
import { isAll } from '../support/is-all.js';
import { randomIndex } from '../support/pairwise.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { isTurnOf } from '../support/turns.js';
import { buildZip } from '../support/zip-builder.js';
import { describeOracle, type Oracle } from './oracle.js';

// Damage that people do to `.keras` files, one to three kinds of it in a right one: real Keras and our verdict say the same
// of what comes out, and what we write of what loads, loads and computes the same bit for bit.

const SEED = Number(process.env.SE_RETROFIT_SEED ?? 20_261_128);
const BASES = ['residual_shortcut_first', 'nested_sequential', 'nested_functional', 'sequential_input'];
const ALL_BASES = [...BASES, 'time_distributed_layers', 'siamese', 'separable', 'preprocessed'];
const COUNT = isAll ? 1000 : 8;
const CHUNK = 2 ** 26;

async function damage(base: string, path: string, seed: number): Promise<readonly string[]> {
  const random = randomIndex(seed);
  const zip = await nodeStorage.openZip(await nodeStorage.findFile(base));
  const members = await Promise.all(
    zip.members.map(async (member) => ({ name: member.name, data: await zip.read(member, CHUNK) })),
  );
  const config = members.find(({ name }) => name === 'config.json')!;
  const model = JSON.parse(Buffer.from(config.data).toString());
  const names: string[] = [];
  for (let tries = 1 + random(3); tries > 0; tries--) {
    const repair = KERAS_REPAIRS[random(KERAS_REPAIRS.length)]!;
    if (!names.includes(repair.name) && repair.apply(model, random)) names.push(repair.name);
  }
  const changed = members.map((member) =>
    member === config ? { ...member, data: Buffer.from(JSON.stringify(model)) } : member,
  );
  writeFileSync(path, buildZip(changed));
  return names;
}

const folder = temporaryFolder();

for (const kind of ['keras3', 'keras2'] as const) {
  describeOracle(kind, `repairs, seed ${SEED}`, (keras) => {
    const bases = isAll ? ALL_BASES : BASES.filter((_, index) => isTurnOf(kind, index));
    test.each(bases)('%s', { timeout: isAll ? 3_600_000 : 120_000 }, async (name) => {
      const place = `${folder}/${kind}-${name}`;
      await keras.make(name, place, ['.keras']);
      const finds: string[] = [];
      let loaded = 0;
      for (let index = 0; index < COUNT / bases.length; index++) {
        const seed = SEED + index * bases.length + bases.indexOf(name);
        const path = `${place}/${seed}.keras`;
        const what = `${name}, seed ${seed} (${await damage(`${place}/${name}.keras`, path, seed)})`;
        const { loads, found } = await judge(keras, path);
        loaded += Number(loads);
        finds.push(...found.map((find) => `${what}: ${find}`));
      }
      expect(finds).toEqual([]);
      expect(loaded).toBeGreaterThan(0);
    });
  });

  const refusalOf = (keras: Oracle, path: string): Promise<string | undefined> =>
    keras.outputs(path).then(
      () => undefined,
      (error: Error) => error.message.slice(0, 300),
    );

  const judge = async (keras: Oracle, path: string) => {
    const refusal = await refusalOf(keras, path);
    const loads = refusal === undefined;
    const read = await readModel(path).catch((error: Error) => error);
    if (read instanceof Error) return { loads, found: loads ? [`loads, and is refused: ${read.message}`] : [] };
    const found: string[] = [];
    const verdict = inspect(read).loads.find(({ loader }) => loader === kind)!;
    if (verdict.ok !== loads)
      found.push(`loads ${loads}, ${refusal}; our verdict ${JSON.stringify(verdict.blockedBy)}`);
    const written = path.replace('.keras', '-se.keras');
    await writeModel(retrofit(read), written);
    if (!loads) return { loads, found };
    const { outputs } = await keras.compare(path, written, { modes: ['eager'] }).catch((error: Error) => {
      found.push(`what is written does not load: ${error.message.slice(0, 300)}`);
      return { outputs: [] };
    });
    if (outputs.some(({ eager }) => eager !== 0)) found.push('what is written computes otherwise');
    return { loads, found };
  };
}
