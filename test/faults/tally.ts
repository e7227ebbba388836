import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, release, type } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { isAll } from '../support/is-all.js';
import { SEED } from './chosen-steps.js';

/** What stands where the output goes. `other` is what may never be. */
export type Standing = 'old' | 'new' | 'absent' | 'other';

/** What one injection came to. */
export interface Outcome {
  /** What was injected, as the table says it. */
  readonly injected: string;
  /** The job that it was injected into. */
  readonly job: string;
  readonly standing: Standing;
  readonly isInputIntact: boolean;
  /** Names left behind when the next run was done. */
  readonly left: readonly string[];
}

/** Counts of one line of the table. */
export interface Line {
  readonly injected: string;
  readonly job: string;
  runs: number;
  old: number;
  new: number;
  absent: number;
  other: number;
  inputChanged: number;
  temporariesLeft: number;
}

/** Facts that are no counts of outcomes: how many calls a job makes, what could not be tested and why. */
export interface Note {
  readonly kind: 'steps' | 'skipped';
  readonly text: string;
}

const lines = new Map<string, Line>();
const notes: Note[] = [];

export function note(kind: Note['kind'], text: string): void {
  notes.push({ kind, text });
}

/** Counts an outcome, whether it is a good one or not: the caller judges. */
export function tally({ injected, job, standing, isInputIntact, left }: Outcome): void {
  const key = `${injected}\n${job}`;
  const line = lines.get(key) ?? {
    injected,
    job,
    ...{ runs: 0, old: 0, new: 0, absent: 0, other: 0, inputChanged: 0, temporariesLeft: 0 },
  };
  lines.set(key, line);
  line.runs += 1;
  line[standing] += 1;
  if (!isInputIntact) line.inputChanged += 1;
  if (left.length > 0) line.temporariesLeft += 1;
}

const run = {
  date: new Date().toISOString().slice(0, 10),
  node: process.version,
  system: `${type()} ${release()}, ${arch()}`,
  isAll,
  seed: SEED,
};

/** Where the counts go, for `npm run reliability`; nowhere by default. */
const folder = process.env.SE_RETROFIT_RELIABILITY;

/** Has the counts of a test file written when it is done. */
export function keepTally(name: string): void {
  if (folder === undefined) return;
  afterAll(() => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ run, lines: [...lines.values()], notes }, null, 2));
  });
}
