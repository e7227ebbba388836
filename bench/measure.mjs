// Whole processes, from outside.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const CACHE = fileURLToPath(new URL('../.cache/bench/', import.meta.url));
export const CLI = fileURLToPath(new URL('../dist/bin/se-retrofit.js', import.meta.url));

const SAY_PEAK = `data:text/javascript,${encodeURIComponent(
  "import { writeSync } from 'node:fs'; process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));",
)}`;

export const median = (numbers) => numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)];

/**
 * Runs a command, after the output of an earlier one is gone and before its own goes.
 * @param {{ command: string, args: readonly string[], output?: string, env?: object }} run
 */
export function timed({ command, args, output, env }) {
  remove(output);
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const milliseconds = performance.now() - started;
  remove(output);
  if (status !== 0) throw error ?? new Error(`${[command, ...args].join(' ')} failed:\n${stderr.slice(-2000)}`);
  return { milliseconds, stdout };
}

/**
 * Runs several commands in turn, so that whatever slows the machine down slows all of them down; the first turn fills the
 * page cache and does not count.
 * @returns milliseconds by the names of the runs, and what each printed last
 */
export function alternate(runs, rounds) {
  const milliseconds = Object.fromEntries(Object.keys(runs).map((name) => [name, []]));
  const printed = {};
  for (let round = -1; round < rounds; round++) {
    for (const [name, run] of Object.entries(runs)) {
      if (round < 0 && run.isSlow) continue;
      const { milliseconds: spent, stdout } = timed(run);
      printed[name] = stdout;
      if (round >= 0) milliseconds[name].push(spent);
    }
  }
  return { milliseconds, printed };
}

/** The peak memory of a run of our command line, in a run of its own. */
export function peakMegabytes({ args, output }) {
  remove(output);
  const {
    status,
    stderr,
    output: pipes,
  } = spawnSync(process.execPath, ['--import', SAY_PEAK, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  remove(output);
  if (status !== 0) throw new Error(stderr);
  return Number(pipes[3]) / 1024;
}

function remove(path) {
  if (path !== undefined) rmSync(path, { recursive: true, force: true });
}
