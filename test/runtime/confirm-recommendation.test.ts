import { expect, test } from 'vitest';
import { recommendationSentence } from '../../src/report/excite-sentences.js';
import { confirmRecommendation } from '../../src/runtime/confirm-recommendation.js';
import { recommendStages } from '../../src/runtime/recommend-stages.js';
import { sketchExcitation } from '../support/excitations.js';

const LIVELY = { between: 0.1, within: 0.1 };
const STEADY = { between: 0.01, within: 0.02 };
const TWO_STEADY = recommendStages(
  sketchExcitation([
    { stage: 2, params: 300, ...STEADY },
    { stage: 3, params: 500, ...STEADY },
    { stage: 4, params: 900, ...LIVELY },
  ]),
);
const ALL_STEADY = recommendStages(sketchExcitation([2, 3].map((stage) => ({ stage, params: 500, ...STEADY }))));

/** Confirms it with a cost for each stage, and lists the stages that were asked for. */
async function confirm(recommendation: typeof TWO_STEADY, costs: Readonly<Record<number, number>> | null) {
  const asked: (readonly number[])[] = [];
  const confirmed = await confirmRecommendation(recommendation, async (stages) => {
    asked.push(stages);
    return costs && stages.reduce((sum, stage) => sum + costs[stage]!, 0);
  });
  return { asked, confirmed, sentence: recommendationSentence(confirmed) };
}

test('stages without which the answers stay are left out, with the number', async () => {
  const { asked, confirmed, sentence } = await confirm(TWO_STEADY, { 2: 0.002, 3: 0.003 });
  expect(asked).toEqual([[3], [3, 2]]);
  expect(confirmed).toMatchObject({ code: 'says-little', skipStages: [2, 3], savesParams: 800, changed: 0.005 });
  expect(sentence).toMatch(/saves 800 parameters; with the mean gates in their place 0.5 % of the answers change\.$/);
});

test('a stage that decides is kept, though its gates hardly move', async () => {
  const { confirmed } = await confirm(TWO_STEADY, { 2: 0, 3: 0.02 });
  expect(confirmed).toMatchObject({ code: 'says-little', skipStages: [2], savesParams: 300, changed: 0 });
  expect(confirmed.stages.map(({ isSkipped }) => isSkipped)).toEqual([true, false, false]);
  expect(recommendationSentence(confirmed)).toContain('no answer changes');
});

test('where all decide, nothing is left out', async () => {
  const { confirmed, sentence } = await confirm(TWO_STEADY, { 2: 0.011, 3: 0.02 });
  expect(confirmed).toMatchObject({ code: 'answers-change', skipStages: [], savesParams: 0, changed: 0.011 });
  expect(sentence).toMatch(/^Keep every stage: .* 1.1 % of the answers change/);
});

test('gates are folded only where that changes few answers', async () => {
  const few = await confirm(ALL_STEADY, { 2: 0.001, 3: 0.001 });
  expect(few.asked).toEqual([[2, 3]]);
  expect(few.confirmed).toMatchObject({ code: 'all-say-little', changed: 0.002 });
  const many = await confirm(ALL_STEADY, { 2: 0.1, 3: 0.1 });
  expect(many.confirmed).toMatchObject({ code: 'answers-change', changed: 0.2 });
});

test('of a model that names no class, as the rule says', async () => {
  const { confirmed, sentence } = await confirm(TWO_STEADY, null);
  expect(confirmed).toEqual(TWO_STEADY);
  expect(sentence).toContain('should cost little accuracy');
});
