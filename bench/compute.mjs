// Measures what computes, whole processes in turn with Keras, and writes docs/COMPUTE.md, docs/compute.svg and
// docs/compute.json. What was measured is kept in .cache/bench/compute: a run that was interrupted goes on where it stopped.
//   npm run bench:compute [-- --quick] [--fresh] [--networks mobilenet-v2,resnet50] [--rounds 3]
//   --quick   one network, one round, few images, written to .cache/bench/compute only
//   --fresh   forgets what an earlier run measured
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem, version } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { computeFigure, computePage, KERAS_WORK } from './compute-page.mjs';
import { findPython } from './keras.mjs';
import { makeModel } from './make-model.mjs';
import { CACHE, CLI } from './measure.mjs';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    networks: { type: 'string' },
    rounds: { type: 'string' },
  },
});
const FOLDER = `${CACHE}compute/`;
const DOCS = fileURLToPath(new URL('../docs/', import.meta.url));
const NETWORKS = flags.networks?.split(',') ?? (flags.quick ? ['mobilenet-v2'] : ['mobilenet-v2', 'resnet50']);
const WORKS = ['verify', 'excite', 'bake', 'modules', 'all'];
const BACKENDS = { native: 'tfjs-node-gpu', wasm: 'wasm' };
/** To train takes long enough for a round to tell. */
const ROUNDS = { look: Number(flags.rounds ?? (flags.quick ? 1 : 3)), train: 1 };
const BATCH = flags.quick ? 8 : 32;
/** The time of an image is the slope between them: what starting, loading and writing takes falls out. */
const COUNTS = flags.quick ? { 'mobilenet-v2': [8, 16] } : { 'mobilenet-v2': [32, 128], resnet50: [32, 64] };
const CLASSES = 4;

/** A thousand names, for the networks' outputs. */
const LABELS = Array.from({ length: 1000 }, (_, index) => `class-${String(index).padStart(4, '0')}`);
/** Runs a command and says, in a list, the most memory that it or a process of its own took, in KiB: what computes is guarded by another. */
const SAY_PEAK = `import os, resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
os.write(3, str([resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]).encode())
sys.exit(code)`;
const say = (line) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);

if (flags.fresh) rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const python = findPython();
if (python === undefined) throw new Error('no Keras to compare with: `npm test` sets it up');
const measured = flags.quick ? `${FOLDER}quick.json` : `${FOLDER}measured.json`;
const results = existsSync(measured) ? JSON.parse(readFileSync(measured, 'utf8')) : {};
const labels = `${FOLDER}labels.txt`;
writeFileSync(labels, LABELS.join('\n'));
for (const count of new Set(NETWORKS.flatMap((network) => COUNTS[network]))) await makeImages(count);
for (let round = 0; round < Math.max(...Object.values(ROUNDS)); round++) {
  for (const network of NETWORKS) {
    const models = modelsOf(network);
    for (const work of WORKS.filter((each) => round < ROUNDS[KERAS_WORK[each].kind]))
      for (const count of COUNTS[network])
        for (const runner of [...Object.keys(BACKENDS), 'keras']) measure(round, network, models, work, count, runner);
  }
}
const place = flags.quick ? FOLDER : DOCS;
const page = {
  machine: describeMachine(),
  batch: BATCH,
  counts: COUNTS,
  rounds: ROUNDS,
  networks: NETWORKS,
  works: WORKS,
  results,
};
writeFileSync(`${place}compute.json`, `${JSON.stringify(page, null, 2)}\n`);
writeFileSync(`${place}compute.svg`, computeFigure(page));
writeFileSync(`${place}COMPUTE.md`, computePage(page));
say(`written to ${place}COMPUTE.md`);

function describeMachine() {
  return {
    cpu: cpus()[0].model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${process.platform} ${version()}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}

function imagesOf(count) {
  return `${FOLDER}images-${count}`;
}

/** The same images once more: tune refuses to validate with the folder that it trains with. */
function validationOf(count) {
  return `${imagesOf(count)}-validation`;
}

/** Smooth noise, as JPEG files of a size that has to be scaled; the first images of a larger folder are those of a smaller one. */
async function makeImages(count) {
  if (existsSync(imagesOf(count))) return;
  const making = `${imagesOf(count)}.making`;
  rmSync(making, { recursive: true, force: true });
  for (let index = 0; index < count; index++) {
    const folder = `${making}/${LABELS[index % CLASSES]}`;
    mkdirSync(folder, { recursive: true });
    const pixels = Buffer.from({ length: 12 * 10 * 3 }, (_, at) => 127 * (1 + Math.sin((index + 1) * at * 0.7)));
    await sharp(pixels, { raw: { width: 12, height: 10, channels: 3 } })
      .resize(320, 260, { kernel: 'cubic' })
      .jpeg()
      .toFile(`${folder}/${String(index).padStart(4, '0')}.jpg`);
  }
  cpSync(making, validationOf(count), { recursive: true });
  renameSync(making, imagesOf(count));
}

/** The network, with modules in it, and that as Keras loads it. */
function modelsOf(network) {
  const plain = makeModel(network);
  const [modules, keras] = [`${FOLDER}${network}-se`, `${FOLDER}${network}-se.keras`];
  if (!existsSync(modules)) ours(['add', plain, '-o', modules, '--quiet']);
  if (!existsSync(keras)) ours(['convert', modules, '-o', keras]);
  return { plain, modules, keras };
}

function ours(words) {
  return peakOf(['-c', SAY_PEAK, process.execPath, CLI, ...words]);
}

function theirs(words) {
  return peakOf([fileURLToPath(new URL('keras-compute.py', import.meta.url)), ...words]);
}

/** @returns what a Python program says on descriptor 3: its peak memory in KiB, and what it measured itself */
function peakOf(words) {
  const stdio = ['ignore', 'ignore', 'pipe', 'pipe'];
  const { status, stderr, output } = spawnSync(python, words, { encoding: 'utf8', stdio });
  if (status !== 0) throw new Error(`python ${words.join(' ')}: ${stderr.slice(-2000)}`);
  return JSON.parse(output[3]);
}

/** Runs one process, unless an earlier run of the benchmark did. */
function measure(round, network, { plain, modules, keras }, work, count, runner) {
  // Keras predicts once for all that looks.
  const kerasWork = KERAS_WORK[work].work;
  if (runner === 'keras' && WORKS.find((each) => KERAS_WORK[each].work === kerasWork) !== work) return;
  const key = [network, runner === 'keras' ? kerasWork : work, runner, count, round].join('/');
  if (results[key] !== undefined) return;
  say(key);
  const images = imagesOf(count);
  const output = `${FOLDER}output${runner === 'keras' ? '.keras' : ''}`;
  rmSync(output, { recursive: true, force: true });
  const computing = ['--backend', BACKENDS[runner], '--batch', String(BATCH), '--preprocess', 'unit'];
  const writing = ['-o', output, '--labels', labels, '--quiet'];
  const training = ['--validation', validationOf(count), '--epochs', '1', '--learning-rate', '1e-6'];
  const words = {
    verify: ['verify', plain, modules, '--images', images, ...computing],
    excite: ['excite', modules, images, ...computing, ...writing, '--per-class', String(count)],
    bake: ['bake', modules, images, ...computing, ...writing],
    modules: ['tune', modules, images, '--train', 'modules', ...training, ...computing, ...writing],
    all: ['tune', modules, images, '--train', 'all', ...training, ...computing, ...writing],
  };
  const started = performance.now();
  const [peak, warm = null] =
    runner === 'keras' ? theirs([kerasWork, keras, images, String(count), String(BATCH), output]) : ours(words[work]);
  const milliseconds = performance.now() - started;
  results[key] =
    warm === null
      ? { milliseconds, megabytes: peak / 1024 }
      : { milliseconds: milliseconds - warm * count, megabytes: peak / 1024, image: warm };
  rmSync(output, { recursive: true, force: true });
  writeFileSync(`${measured}.new`, JSON.stringify(results));
  renameSync(`${measured}.new`, measured);
}
