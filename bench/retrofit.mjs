// Times the retrofit of real-size models against `cp -r` of the same bytes: whole processes, alternating, medians.
// Then against Keras itself, where the Python of the oracle tests is there.
//   npm run bench [-- network ...]
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { benchAgainstKeras } from './keras.mjs';
import { makeModel } from './make-model.mjs';
import { CACHE, CLI, median, peakMegabytes, timed } from './measure.mjs';

const ROUNDS = 7;
const OUTPUT = `${CACHE}output`;

function milliseconds(command, args) {
  rmSync(OUTPUT, { recursive: true, force: true });
  return timed(command, args).milliseconds;
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
  rmSync(OUTPUT, { recursive: true, force: true });
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
benchAgainstKeras();
