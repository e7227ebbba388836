import { expect, test } from 'vitest';
import { recommendationSentence } from '../../src/report/excite-sentences.js';
import { recommendStages } from '../../src/runtime/recommend-stages.js';
import { type ModuleSketch, sketchExcitation } from '../support/excitations.js';

const LIVELY = { between: 0.1, within: 0.1 };
const STEADY = { between: 0.01, within: 0.02 };

const recommend = (modules: readonly ModuleSketch[], classes?: readonly string[]) => {
  const { code, skipStages, savesParams } = recommendStages(sketchExcitation(modules, classes));
  return { code, skipStages, savesParams };
};
const NOTHING = { skipStages: [], savesParams: 0 };

test('as in the paper: a last stage that is alike for all classes and saturated is left out', () => {
  const last = { stage: 5, params: 800_000, between: 0.005, within: 0.06, saturation: 0.9 };
  expect(
    recommend([{ stage: 2, params: 8192, ...LIVELY }, { stage: 4, params: 700_000, ...LIVELY }, last, last]),
  ).toEqual({ code: 'says-little', skipStages: [5], savesParams: 1_600_000 });
});

test('so is one whose gates are constant, wherever it stands', () => {
  expect(
    recommend([
      { stage: 2, params: 500, ...STEADY },
      { stage: 3, params: 500, ...LIVELY },
    ]),
  ).toEqual({ code: 'says-little', skipStages: [2], savesParams: 500 });
});

test.each([
  ['gates that differ between classes, though they hardly move', { between: 0.04, within: 0.01 }],
  ['gates alike for all classes that move from image to image', { between: 0.01, within: 0.1 }],
  ['saturated gates that change ends from image to image', { between: 0.01, within: 0.4, saturation: 0.95 }],
  ['saturated gates that change ends between classes', { between: 0.4, within: 0.01, saturation: 0.95 }],
  ['too few parameters to matter', { ...STEADY, params: 99 }],
])('kept: %s', (_, sketch) => {
  expect(
    recommend([
      { stage: 3, params: 900, ...LIVELY },
      { stage: 4, params: 100, ...sketch },
    ]),
  ).toEqual({ code: 'all-needed', ...NOTHING });
});

test('a stage is judged by all its modules', () => {
  const one = { stage: 4, ...STEADY };
  expect(recommend([{ stage: 3, ...LIVELY }, one, one, { stage: 4, between: 0.2, within: 0.2 }])).toEqual({
    code: 'all-needed',
    ...NOTHING,
  });
});

test('one module that moves among many that do not is not averaged away', () => {
  const steady = Array.from({ length: 5 }, () => ({ stage: 4, between: 0.005, within: 0.01 }));
  const lively = { stage: 4, between: 0.005, within: 0.06 };
  expect(recommend([{ stage: 3, ...LIVELY }, ...steady, lively])).toEqual({ code: 'all-needed', ...NOTHING });
  expect(recommend([{ stage: 3, ...LIVELY }, ...steady]).skipStages).toEqual([4]);
});

test('where no stage says anything none stands out', () => {
  expect(
    recommend([
      { stage: 2, ...STEADY },
      { stage: 3, ...STEADY },
    ]),
  ).toEqual({ code: 'all-say-little', ...NOTHING });
});

test('nothing is recommended for untrained modules', () => {
  const untrained = { between: 0, within: 0, isUntrained: true };
  expect(recommend([{ stage: 2, ...untrained }])).toEqual({ code: 'untrained', ...NOTHING });
  const mixed = [
    { stage: 2, ...untrained },
    { stage: 3, ...LIVELY },
    { stage: 4, ...STEADY },
  ];
  expect(recommend(mixed)).toEqual({ code: 'says-little', skipStages: [4], savesParams: 1000 });
});

test('nor where classes cannot be told from chance', () => {
  expect(recommend([{ stage: 2, between: null, within: 0.01 }], ['cat'])).toEqual({
    code: 'unknown-classes',
    ...NOTHING,
  });
});

test('a module that is dead is named, and not hidden by the others of its stage', () => {
  const dead = { between: 0, within: 0, isUntrained: true };
  const seen = sketchExcitation([
    { stage: 3, ...LIVELY },
    { stage: 3, ...dead },
    { stage: 4, ...LIVELY },
  ]);
  const found = recommendStages(seen);
  expect(found).toMatchObject({ code: 'all-needed', idleModules: [seen.modules[1]!.name] });
  expect(recommendationSentence(found)).toContain(`${seen.modules[1]!.name} is untrained or dead`);
  expect(
    recommendStages(
      sketchExcitation([
        { stage: 3, ...dead },
        { stage: 4, ...LIVELY },
      ]),
    ).idleModules,
  ).toEqual([]);
});

test('the module that moves most is what the numbers are of', () => {
  const found = recommendStages(
    sketchExcitation([
      { stage: 3, between: 0.01, within: 0.02 },
      { stage: 3, between: 0.002, within: 0.002 },
    ]),
  );
  expect(found.code).toBe('all-say-little');
  expect(recommendationSentence(found)).toContain('by 2.2 % of their range at the most');
});
