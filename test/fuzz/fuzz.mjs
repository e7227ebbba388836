import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kerasJudge } from './judge-keras.mjs';
import { recipeOf } from './recipes.mjs';
import { patientThread } from './threads.mjs';

const LIMIT_MILLISECONDS = 5000;
const MEGABYTES = 256;

/**
 * Makes mutants of a format and asks us to use each: a typed error, or an output that the real loader takes or refuses
 * exactly as it does the mutant, with the very same numbers.
 * @param {object} given
 * @param {string} given.format
 * @param {number} given.seed
 * @param {number} given.count
 * @param {number} [given.first] the index of the first mutant
 * @param {number} [given.judgeEvery] of the outputs, the share that real software judges: 1 in so many; 0 for none
 * @param {string} [given.python] an interpreter with the Kerases
 * @param {number} [given.baseLimit] how many of the networks to begin with
 * @param {number} [given.seconds] stop after so long
 * @param {string} [given.finds] a folder to keep finds in
 * @param {(line: string) => void} [given.say]
 */
export async function fuzz(given) {
  const { format, seed, count, first = 0, judgeEvery = 1, python, baseLimit, seconds = Infinity, finds, say } = given;
  const folder = mkdtempSync(join(tmpdir(), 'se-retrofit-fuzz-'));
  const data = { format, folder, limit: baseLimit };
  const runner = patientThread(new URL('run-mutant.mjs', import.meta.url), {
    data,
    megabytes: MEGABYTES,
    hasGreeting: true,
  });
  const judges = makeJudges(python);
  const tally = {
    format,
    seed,
    mutants: 0,
    refused: 0,
    written: 0,
    mended: 0,
    slow: 0,
    judged: 0,
    agreed: 0,
    finds: [],
    codes: {},
    alike: {},
  };
  const started = performance.now();
  try {
    for (let index = first; index < first + count; index++) {
      if (performance.now() - started > seconds * 1000) break;
      const find = await tryMutant(index);
      if (find === undefined) continue;
      const recipe = await smaller(find);
      const kept = { ...find, recipe };
      tally.finds.push(kept);
      say?.(`${format} seed ${seed} index ${index}: ${find.what}\n  ${JSON.stringify(recipe)}`);
      if (finds !== undefined) keep(kept);
    }
  } finally {
    await runner.end();
    await judges.end();
    rmSync(folder, { recursive: true, force: true });
  }
  return { ...tally, milliseconds: performance.now() - started };

  async function tryMutant(index) {
    const recipe = recipeOf(format, seed, index);
    tally.mutants++;
    const asked = performance.now();
    const answer = await runner.ask({ recipe }, LIMIT_MILLISECONDS);
    if (performance.now() - asked > LIMIT_MILLISECONDS) tally.slow++;
    if (answer.outcome === 'refused') {
      tally.refused++;
      tally.codes[answer.code] = (tally.codes[answer.code] ?? 0) + 1;
      return undefined;
    }
    if (answer.outcome === 'written') {
      tally.written++;
      if (!answer.judged || judgeEvery === 0 || index % judgeEvery !== 0) return undefined;
      const verdict = await judgeOf(answer);
      if (verdict === undefined) return undefined;
      tally.judged++;
      if (verdict === 'agrees') {
        tally.agreed++;
        return undefined;
      }
      if (verdict.startsWith('alike')) {
        const reason = verdict.slice(0, 90);
        tally.alike[reason] = (tally.alike[reason] ?? 0) + 1;
        return undefined;
      }
      if (verdict.startsWith(LOADS_AGAIN) && isDamage(recipe)) {
        tally.mended++;
        return undefined;
      }
      return { index, recipe, base: answer.base, what: verdict };
    }
    return { index, recipe, base: answer.base, what: answer.failed ?? answer.message };
  }

  async function judgeOf({ before, after, dialect }) {
    const judge = judges.of(format, dialect);
    if (judge === undefined) return undefined;
    const path = format === 'tfjs' ? join(after, 'model.json') : after;
    return verdictOn(await judge(before), await judge(path));
  }

  /** The least of the changes that lead to a find of the same kind. */
  async function smaller({ recipe, what }) {
    const kindOf = (text) => text?.split(/[\n:]/)[0];
    let best = recipe;
    for (let at = best.change.edits.length - 1; at >= 0 && best.change.edits.length > 1; at--) {
      const fewer = { ...best, change: { ...best.change, edits: best.change.edits.toSpliced(at, 1) } };
      const answer = await runner.ask({ recipe: fewer }, LIMIT_MILLISECONDS);
      const told =
        answer.outcome === 'written' && answer.judged ? await judgeOf(answer) : (answer.failed ?? answer.message);
      if (kindOf(told) === kindOf(what)) best = fewer;
    }
    return best;
  }

  function keep({ index, recipe, what }) {
    const place = join(finds, `${format}-${seed}-${index}`);
    mkdirSync(place, { recursive: true });
    const input = join(folder, 'work', 'in');
    if (existsSync(input)) cpSync(input, join(place, 'in'), { recursive: true });
    writeFileSync(join(place, 'find.json'), `${JSON.stringify({ format, seed, index, what, recipe }, null, 2)}\n`);
  }
}

const LOADS_AGAIN = 'our output loads, the mutant does not';

/**
 * Damage to the structure of an HDF5 file: Keras' HDF5 may stumble over what ours never looks at, and what is written is
 * whole again.
 */
const isDamage = ({ change }) => change.part === 'weights';

function makeJudges(python) {
  const tfjs = patientThread(new URL('judge-tfjs.mjs', import.meta.url), { megabytes: 1024 });
  const kerases = new Map();
  const keras = (kind) => {
    if (!kerases.has(kind)) kerases.set(kind, kerasJudge(python, kind));
    return kerases.get(kind);
  };
  return {
    of(format, dialect) {
      if (format === 'tfjs') {
        return async (path) => {
          const answer = await tfjs.ask({ path }, LIMIT_MILLISECONDS);
          return answer.failed === undefined ? answer : { refused: answer.failed };
        };
      }
      return python === undefined ? undefined : (path) => keras(dialect).outputsOf(path, LIMIT_MILLISECONDS);
    },
    async end() {
      await tfjs.end();
      for (const judge of kerases.values()) judge.end();
    },
  };
}

/** What the real loader makes of the mutant and of our output. */
export function verdictOn(before, after) {
  if (before.refused !== undefined) {
    return after.refused !== undefined ? `alike refused: ${before.refused}` : `${LOADS_AGAIN}: ${before.refused}`;
  }
  if (after.refused !== undefined) return `the mutant loads, our output does not: ${after.refused}`;
  if (!before.outputs.every(({ values }) => values.every(Number.isFinite))) return 'alike without numbers';
  const difference = differenceOf(before.outputs, after.outputs);
  return difference === undefined ? 'agrees' : `other numbers: ${difference}`;
}

function differenceOf(before, after) {
  if (before.length !== after.length) return `${before.length} outputs became ${after.length}`;
  for (const [output, { shape, values }] of before.entries()) {
    const other = after[output];
    if (String(shape) !== String(other.shape)) return `output ${output}: [${shape}] became [${other.shape}]`;
    const at = values.findIndex((value, index) => !Object.is(value, other.values[index]));
    if (at >= 0) return `output ${output}, number ${at}: ${values[at]} became ${other.values[at]}`;
  }
  return undefined;
}
