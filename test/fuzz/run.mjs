// npm run fuzz -- --format tfjs --count 1000000 --seed 1 [--first N] [--seconds N] [--judge-every N]
// The same format, seed and index give the same mutant. Finds are kept below .cache/fuzz. Real Keras judges where
// SE_RETROFIT_ORACLE_PYTHON names a Python that has it.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FORMATS } from './bases.mjs';
import { fuzz } from './fuzz.mjs';

const number = (text) => (text === undefined ? undefined : Number(text));
const { values } = parseArgs({
  options: Object.fromEntries(
    ['format', 'count', 'seed', 'first', 'seconds', 'judge-every'].map((name) => [name, { type: 'string' }]),
  ),
});
const seed = number(values.seed) ?? Math.floor(Math.random() * 2 ** 31);
console.log(`seed ${seed}`);
for (const format of values.format === undefined ? FORMATS : [values.format]) {
  const { finds, codes, alike, ...tally } = await fuzz({
    format,
    seed,
    count: number(values.count) ?? 10_000,
    first: number(values.first),
    seconds: number(values.seconds),
    judgeEvery: number(values['judge-every']),
    python: process.env.SE_RETROFIT_ORACLE_PYTHON,
    finds: fileURLToPath(new URL('../../.cache/fuzz', import.meta.url)),
    say: console.log,
  });
  console.log({ ...tally, finds: finds.length });
  console.log(codes, alike);
  if (finds.length > 0) process.exitCode = 1;
}
