// Measures whole processes side by side, and writes docs/BENCHMARKS.md, docs/benchmarks.svg and docs/benchmarks.json.
//   npm run bench [-- --quick] [--node PATH]
//   --quick      two small networks, three rounds, written to .cache/bench only
//   --node PATH  runs the retrofits with this Node too, in turn with the others; may be given several times
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { cpus, totalmem, version } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchmarksFigure } from './benchmarks-figure.mjs';
import { benchmarksPage } from './benchmarks-page.mjs';
import { converterRun, findPython, recipeRun } from './keras.mjs';
import { makeModel } from './make-model.mjs';
import { alternate, CACHE, CLI, peakMegabytes, timed } from './measure.mjs';

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, node: { type: 'string', multiple: true, default: [] } },
});
const isQuick = flags.quick;
const ROUNDS = isQuick ? 3 : 5;
const MOST_KERAS_BYTES = 2 ** 30;
const NETWORKS = isQuick ? ['mobilenet-v2', 'resnet50'] : ['mobilenet-v2', 'resnet50', 'resnet152', 'two-gigabytes'];
const DEPTHS = isQuick ? [10_000] : [10_000, 20_000, 50_000];
const CONTAINERS = [
  { container: 'tfjs', ending: '' },
  { container: 'keras-h5', ending: '.h5' },
  { container: 'keras-zip', ending: '.keras' },
];
const DOCS = fileURLToPath(new URL('../docs/', import.meta.url));
const OUTPUT = `${CACHE}output`;

const say = (line) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
const ours = (args, output) => ({ command: process.execPath, args: [CLI, ...args], output });
const node = (...args) => ({ command: process.execPath, args });

/** Other Nodes, by the names of their runs: `node24.1.0`. */
const NODES = new Map(
  flags.node.map((path) => [
    execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().replace('v', 'node'),
    realpathSync(path),
  ]),
);
const withNodes = (run) => Object.fromEntries([...NODES].map(([name, command]) => [name, { ...run, command }]));

mkdirSync(CACHE, { recursive: true });
const python = findPython();
if (python === undefined) say('no Keras to compare with: `npm test` sets it up where a Python 3.11 to 3.13 is there');

const results = {
  machine: describeMachine(),
  otherNodes: [...NODES.keys()],
  rounds: ROUNDS,
  starts: starts(),
  retrofits: NETWORKS.flatMap((network) => CONTAINERS.map((place) => retrofits(network, place))),
  conversions: python === undefined ? [] : NETWORKS.filter(isForKeras).map(conversion),
  inspections: NETWORKS.slice(-1).flatMap((network) => CONTAINERS.map((place) => inspection(network, place))),
  depths: DEPTHS.map(depth),
};
const place = isQuick ? CACHE : DOCS;
writeFileSync(`${place}benchmarks.json`, `${JSON.stringify(results, null, 2)}\n`);
writeFileSync(`${place}benchmarks.svg`, benchmarksFigure(results));
writeFileSync(`${place}BENCHMARKS.md`, benchmarksPage(results));
say(`written to ${place}BENCHMARKS.md`);

function describeMachine() {
  const [type] = execFileSync('df', ['-PT', CACHE], { encoding: 'utf8' }).trim().split('\n').slice(-1);
  return {
    cpu: cpus()[0].model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    fileSystem: type.trim().split(/\s+/)[1],
    system: `${process.platform} ${version()}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** The file or folder of a network; made once, the Keras files by our own `convert`. */
function inputOf(network, ending) {
  const folder = makeModel(network);
  if (ending === '') return folder;
  const path = `${folder}${ending}`;
  if (existsSync(path)) return path;
  say(`making ${network}${ending}`);
  const making = `${folder}.making${ending}`;
  rmSync(making, { force: true });
  timed(ours(['convert', folder, '-o', making, '--quiet']));
  renameSync(making, path);
  return path;
}

function bytesOf(path) {
  if (statSync(path).isFile()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + statSync(`${path}/${name}`).size, 0);
}

/** Keras would take a quarter of an hour for the largest, and most of the memory. */
function isForKeras(network) {
  return bytesOf(inputOf(network, '')) < MOST_KERAS_BYTES;
}

function starts() {
  say('node and --help');
  const runs = { node: node('-e', '0'), help: ours(['--help']) };
  return alternate(runs, 3 * ROUNDS).milliseconds;
}

function retrofits(network, { container, ending }) {
  const input = inputOf(network, ending);
  const output = `${OUTPUT}${ending}`;
  say(`retrofit of ${network} as ${container}`);
  const retrofit = ours([input, '-o', output, '--quiet'], output);
  const copy = { command: 'cp', args: ['-r', input, output], output };
  const script = ending === '' ? 'cp -r "$0" "$1" && sync "$1"/*' : 'cp "$0" "$1" && sync "$1"';
  const copySynced = { command: 'sh', args: ['-c', script, input, output], output };
  const runs = { start: node('-e', '0'), copy, copySynced, retrofit, ...withNodes(retrofit) };
  if (python !== undefined && ending !== '' && isForKeras(network)) {
    const { sites } = JSON.parse(timed(ours(['inspect', input, '--json'])).stdout);
    runs.keras = recipeRun(
      python,
      input,
      output,
      sites.map(({ after }) => after),
    );
  }
  const { milliseconds, printed } = alternate(runs, ROUNDS);
  const kerasPeak = printed.keras === undefined ? {} : JSON.parse(printed.keras.trim().split('\n').at(-1));
  return {
    network,
    container,
    bytes: bytesOf(input),
    milliseconds,
    peakMegabytes: { retrofit: peakMegabytes(retrofit), ...(runs.keras && { keras: kerasPeak.peakMegabytes }) },
  };
}

function conversion(network) {
  const input = inputOf(network, '.h5');
  say(`conversion of ${network} to TensorFlow.js`);
  const convert = ours(['convert', input, '-o', OUTPUT, '--quiet'], OUTPUT);
  const { milliseconds } = alternate({ convert, converter: converterRun(python, input, OUTPUT) }, ROUNDS);
  return { network, milliseconds, peakMegabytes: { convert: peakMegabytes(convert) } };
}

function inspection(network, { container, ending }) {
  const inspect = ours(['inspect', inputOf(network, ending), '--json']);
  say(`inspect of ${network} as ${container}`);
  const { milliseconds } = alternate({ inspect }, ROUNDS);
  return { network, container, milliseconds, peakMegabytes: { inspect: peakMegabytes(inspect) } };
}

function depth(layers) {
  const input = makeModel(`deep-${layers}`);
  say(`${layers} layers`);
  const retrofit = ours([input, '-o', OUTPUT, '--quiet'], OUTPUT);
  const runs = { inspect: ours(['inspect', input, '--json']), retrofit, ...withNodes(retrofit) };
  const { milliseconds } = alternate(runs, ROUNDS);
  const jsonBytes = readFileSync(`${input}/model.json`).length;
  return { layers, jsonBytes, milliseconds, peakMegabytes: { retrofit: peakMegabytes(retrofit) } };
}
