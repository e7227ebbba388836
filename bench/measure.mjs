// Whole processes, from outside.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const CACHE = fileURLToPath(new URL('../.cache/bench/', import.meta.url));
export const CLI = fileURLToPath(new URL('../dist/bin/se-retrofit.js', import.meta.url));
const MAIN = new URL('../dist/src/cli/main.js', import.meta.url).href;

export const median = (numbers) => numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)];

/** Runs a command; what it says on stdout, and how long it took. */
export function timed(command, args) {
  const started = performance.now();
  const stdout = execFileSync(command, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return { milliseconds: performance.now() - started, stdout };
}

/** The peak memory of a run of our command line. */
export function peakMegabytes(args) {
  const script = `const { main } = await import(${JSON.stringify(MAIN)}); await main(${JSON.stringify(args)}); console.log(process.resourceUsage().maxRSS);`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return Number(stdout.trim()) / 1024;
}
