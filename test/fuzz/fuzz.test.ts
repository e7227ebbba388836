import { describe, expect, inject, test } from 'vitest';
import { isAll } from '../support/is-all.js';
import { FORMATS } from './bases.mjs';
import { fuzz } from './fuzz.mjs';

// A seeded slice of the mutants by default, 10,000 a format with SE_RETROFIT_TEST_ALL=1, any number by `npm run fuzz`.

const SEED = Number(process.env.SE_RETROFIT_FUZZ_SEED ?? 20_261_125);
const SLICE: Readonly<Record<string, number>> = { tfjs: 30, h5: 20, keras: 20, json: 20 };

describe(`mutants, seed ${SEED}`, () => {
  test.each(FORMATS)(
    '%s',
    async (format) => {
      const found = await fuzz({
        format,
        seed: SEED,
        count: isAll ? 10_000 : SLICE[format]!,
        // Real Keras takes seconds to start and to end a hang: by default it is left to the thorough run.
        python: isAll ? inject('oracle').python : undefined,
        judgeEvery: isAll ? 20 : 4,
        baseLimit: isAll ? undefined : 4,
      });
      console.log(
        `${format}: ${found.mutants} mutants, ${found.refused} refused, ${found.written} written, ${found.agreed} with the same numbers`,
      );
      expect(found.finds).toEqual([]);
      // What is refused to the last, or taken to the last, tries nothing.
      expect(found.refused).toBeGreaterThan(0);
      expect(found.written).toBeGreaterThan(0);
    },
    isAll ? 3_600_000 : 120_000,
  );
});
