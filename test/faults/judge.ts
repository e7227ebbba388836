import { expect } from 'vitest';
import { chooseSteps } from './chosen-steps.js';
import type { Fault } from './inject-faults.mjs';
import type { Stand } from './jobs.js';
import { type Standing, tally } from './tally.js';

/** What is injected at each call: the words of the table, and how. */
export interface Injection extends Omit<Fault, 'at'> {
  readonly words: string;
  /** The calls at which it can happen; all by default. */
  readonly calls?: readonly string[];
}

export const PLACES = [
  ['where nothing stands', false],
  ['in the place of an older output', true],
] as const;

/**
 * The numbers of the calls at which an injection is tried. That data is written where no output stands yet is the same as
 * where one is to be replaced: there it is tried at all other calls only.
 */
export function stepsOf(
  { job, hasOld }: Stand,
  calls: readonly string[],
  { words, calls: able }: Injection,
  most: number,
): readonly number[] {
  const isTried = (call: string) => able?.includes(call) !== false && (hasOld || !['write', 'read'].includes(call));
  const tried = calls.flatMap((call, at) => (isTried(call) ? [at] : []));
  return chooseSteps(tried.length, most, `${job.name} ${hasOld} ${words}`).map((index) => tried[index]!);
}

/**
 * Holds a run against what was promised: the output is the old one, the new one or absent, also when the next run has put
 * things right; the input is as it was; nothing is left when the next run is done, which gives the new output. Counts it.
 * @param standing what stood when the run was over
 * @param living a process that still may have temporary files
 */
export async function judge(
  stand: Stand,
  injected: string,
  standing: Standing,
  what: string,
  living?: number,
): Promise<void> {
  await stand.recover();
  const afterwards = stand.standing('strict');
  const hidden = stand.left(living).filter((name) => name.startsWith('.'));
  await stand.runAgain();
  const left = [...hidden, ...stand.left(living)];
  const isInputIntact = stand.isInputIntact();
  const isGood = standing !== 'other' && afterwards !== 'other';
  tally({ injected, job: stand.job.name, standing: isGood ? afterwards : 'other', isInputIntact, left });
  expect([standing, afterwards], what).not.toContain('other');
  expect(left, what).toEqual([]);
  expect(isInputIntact, what).toBe(true);
}
