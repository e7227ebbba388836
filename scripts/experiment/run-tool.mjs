import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './places.mjs';

const CLI = join(ROOT, 'dist', 'bin', 'se-retrofit.js');

/** Thrown where something is to be worked out, and no more time is left for it. */
export class Late extends Error {}

let end = Number.POSITIVE_INFINITY;

/** Nothing new is worked out after so many milliseconds. */
export const endAfter = (milliseconds) => {
  end = performance.now() + milliseconds;
};

/**
 * What is kept in a JSON file, worked out where it is not there yet.
 * @throws Late
 */
export async function kept(file, work) {
  if (!existsSync(file)) {
    if (performance.now() > end) throw new Late();
    const result = await work();
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, JSON.stringify(result));
    renameSync(`${file}.new`, file);
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Runs the command line for its report. */
export function runTool(...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...words.map(String), '--json'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`se-retrofit ${words.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}
