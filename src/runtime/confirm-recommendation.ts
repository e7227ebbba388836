import { type Recommendation, STAGE_RULE } from './recommend-stages.js';

/**
 * Holds a recommendation against what the model answers: gates that hardly move can still decide, in a network that was
 * trained around them.
 * @param changedShare the share of the images whose answer changes with the gates of these stages at their means; null for a
 * model that gives no answer out of several
 */
export async function confirmRecommendation(
  recommendation: Recommendation,
  changedShare: (stages: readonly number[]) => Promise<number | null>,
): Promise<Recommendation> {
  const { code, stages } = recommendation;
  if (code === 'all-say-little') {
    const changed = await changedShare(stages.filter(({ isUntrained }) => !isUntrained).map(({ stage }) => stage));
    return { ...recommendation, changed, code: isMuch(changed) ? 'answers-change' : code };
  }
  if (code !== 'says-little') return recommendation;
  let found: readonly number[] = [];
  let changed: number | null = null;
  let least = 1;
  // What saves most is tried first.
  for (const { stage } of stages
    .filter(({ isSkipped }) => isSkipped)
    .toSorted((one, other) => other.params - one.params)) {
    const now = await changedShare([...found, stage]);
    if (now === null) return recommendation;
    least = Math.min(least, now);
    if (isMuch(now)) continue;
    found = [...found, stage];
    changed = now;
  }
  const confirmed = stages.map((each) => ({ ...each, isSkipped: found.includes(each.stage) }));
  const skipped = confirmed.filter(({ isSkipped }) => isSkipped);
  return {
    ...recommendation,
    code: skipped.length === 0 ? 'answers-change' : code,
    stages: confirmed,
    skipStages: skipped.map(({ stage }) => stage),
    savesParams: skipped.reduce((sum, { params }) => sum + params, 0),
    changed: skipped.length === 0 ? least : changed,
  };
}

const isMuch = (changed: number | null): boolean => changed !== null && changed > STAGE_RULE.changedAtMost;
