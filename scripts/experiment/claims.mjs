import { chance } from './statistics.mjs';

/**
 * Compares ways by the test pictures, over all seeds together.
 * @param arms each with its `runs`, one a seed, and the numbers of the pictures that each gets wrong
 * @param pairs of names; of ways that are not done nothing is claimed
 */
export const claimsOf = (arms, pairs) =>
  pairs.flatMap(([one, other]) => {
    const [left, right] = [one, other].map((name) => arms.find((arm) => arm.name === name));
    if (left === undefined || right === undefined) return [];
    const onlyRight = (own, theirs) => own.runs.map(({ wrong }, index) => countOnlyIn(theirs.runs[index].wrong, wrong));
    const bySeed = onlyRight(left, right).map((count, index) => [count, onlyRight(right, left)[index]]);
    const [first, second] = [0, 1].map((at) => bySeed.reduce((sum, counts) => sum + counts[at], 0));
    const isOfEverySeed = new Set(bySeed.map(([own, theirs]) => Math.sign(own - theirs))).size === 1;
    return {
      one: left.title,
      other: right.title,
      onlyFirst: first,
      onlySecond: second,
      chance: chance(first, second),
      isOfEverySeed,
    };
  });

/** How many numbers are in one list and not in another. */
export function countOnlyIn(list, other) {
  const known = new Set(other);
  return list.filter((each) => !known.has(each)).length;
}

/** An arm with how many pictures its runs got wrong, in the place of which, and without the places of their files. */
export const withCounts = (arm) => withWrong(arm, (wrong) => wrong.length);

/** The same with the numbers of these pictures in a short text, as long as ways are still to be compared with it. */
export const packed = (arm) =>
  withWrong(arm, (wrong) => {
    const bits = new Uint8Array(Math.ceil((Math.max(-1, ...wrong) + 1) / 8));
    for (const picture of wrong) bits[picture >> 3] |= 1 << (picture & 7);
    return Buffer.from(bits).toString('base64');
  });

export const unpacked = (arm) =>
  withWrong(arm, (text) => {
    const bits = Buffer.from(text, 'base64');
    return Array.from({ length: 8 * bits.length }, (_, picture) => picture).filter(
      (picture) => (bits[picture >> 3] >> (picture & 7)) & 1,
    );
  });

const withWrong = ({ runs, ...arm }, map) => ({
  ...arm,
  runs: runs.map(({ place, wrong, ...run }) => ({ ...run, wrong: map(wrong) })),
});
