// Times the retrofit of real-size models against `cp -r` of the same bytes: whole processes, alternating, medians.
//   npm run bench [-- network ...]
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { makeModel } from './make-model.mjs';

const ROUNDS = 7;
const CLI = fileURLToPath(new URL('../dist/bin/se-retrofit.js', import.meta.url));
const MAIN = new URL('../dist/src/cli/main.js', import.meta.url).href;
const OUTPUT = fileURLToPath(new URL('../.cache/bench/output', import.meta.url));

const median = (numbers) => numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)];

function milliseconds(command, args) {
  rmSync(OUTPUT, { recursive: true, force: true });
  const started = performance.now();
  execFileSync(command, args, { stdio: 'ignore' });
  return performance.now() - started;
}

function peakMegabytes(args) {
  rmSync(OUTPUT, { recursive: true, force: true });
  const script = `const { main } = await import(${JSON.stringify(MAIN)}); await main(${JSON.stringify(args)}); console.log(process.resourceUsage().maxRSS);`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return Number(stdout.trim()) / 1024;
}

const networks = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['mobilenet-v2', 'resnet50', 'vgg16'];
const megabytes = (folder) => Number(execFileSync('du', ['-sk', folder], { encoding: 'utf8' }).split('\t')[0]) / 1024;

console.log(`node ${process.version}, ${cpus().length} x ${cpus()[0].model}`);
console.log(
  '| network | MB | cp -r ms | retrofit ms | ratio | inspect ms | peak MB |\n|---|---:|---:|---:|---:|---:|---:|',
);
for (const name of networks) {
  const folder = makeModel(name);
  const times = { copy: [], retrofit: [], inspect: [] };
  for (let round = 0; round < ROUNDS; round++) {
    times.copy.push(milliseconds('cp', ['-r', folder, OUTPUT]));
    times.retrofit.push(milliseconds(process.execPath, [CLI, folder, '-o', OUTPUT, '--quiet']));
    times.inspect.push(milliseconds(process.execPath, [CLI, 'inspect', folder, '--json']));
  }
  const [copy, retrofit, inspect] = [times.copy, times.retrofit, times.inspect].map(median);
  const peak = peakMegabytes([folder, '-o', OUTPUT, '--quiet']);
  const cells = [megabytes(folder), copy, retrofit].map((number) => number.toFixed(0));
  console.log(`| ${[name, ...cells, (retrofit / copy).toFixed(2), inspect.toFixed(0), peak.toFixed(0)].join(' | ')} |`);
}
const bare = [];
const help = [];
for (let round = 0; round < ROUNDS; round++) {
  bare.push(milliseconds(process.execPath, ['-e', '0']));
  help.push(milliseconds(process.execPath, [CLI, '--help']));
}
console.log(`--help: ${median(help).toFixed(0)} ms, bare node: ${median(bare).toFixed(0)} ms`);
rmSync(OUTPUT, { recursive: true, force: true });
