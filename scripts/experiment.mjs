// npm run experiment: does a small network that is trained to its plateau get better by modules? Trains it on handwritten
// digits with tune, puts modules in with add, trains these, and on the same budget the whole network with and without them.
// Three seeds; the 2,000 test images are looked at once, when everything is done. Writes docs/experiment.json and
// docs/EXPERIMENT.md. About 20 minutes on two free cores; one that was interrupted goes on where it was.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { writeDigitNetwork } from './digit-network.mjs';
import { experimentPage } from './experiment-page.mjs';
import { PARTS, unpackDigits } from './unpack-digits.mjs';

const require = createRequire(import.meta.url);
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const CLI = join(ROOT, 'dist', 'bin', 'se-retrofit.js');
const FOLDER = join(ROOT, '.cache', 'experiment');
const DIGITS = join(ROOT, '.cache', 'digits');

const SEEDS = [1, 2, 3];
const CHANNELS = [4, 4, 8, 12, 16];
const RATIO = 4;
const SHIFT = 4;
const BATCH = 64;
const PLATEAU = { epochs: 20, learningRate: 0.01 };
const BUDGET = 6;
/** Of each way, the learning rate with the lowest validation loss for the first seed, out of these. */
const RATES = [0.003, 0.01, 0.03];
const ARMS = [
  { name: 'modules', title: 'modules trained, the rest frozen', from: 'retrofitted', train: 'modules' },
  { name: 'original', title: 'the original fine-tuned, no modules', from: 'plateau', train: 'all' },
  { name: 'everything', title: 'modules and all the rest trained', from: 'retrofitted', train: 'all' },
];

console.warn = () => {}; // TensorFlow.js advertises its native package
if (!existsSync(CLI)) runNode([require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
mkdirSync(FOLDER, { recursive: true });
await unpackDigits(DIGITS);

const runs = [];
const rates = {};
for (const seed of SEEDS) {
  const at = (name) => join(FOLDER, `${name}-${seed}`);
  await writeDigitNetwork(at('untrained'), seed, CHANNELS);
  const plateau = tune(at('untrained'), at('plateau'), { ...PLATEAU, seed, train: 'all' });
  rmSync(at('retrofitted'), { recursive: true, force: true });
  const added = addModules(at('plateau'), at('retrofitted'), seed);
  const arms = {};
  for (const { name, from, train } of ARMS) {
    // Of the first seed every learning rate; of the others the one that was the best there.
    const candidates = rates[name] === undefined ? RATES : [best(rates[name]).learningRate];
    const tried = candidates.map((learningRate) => {
      const folder = at(`${name}-${learningRate}`);
      const report = tune(at(from), folder, { epochs: BUDGET, seed, train, learningRate });
      return { learningRate, folder, report, validationLoss: report.after.loss };
    });
    rates[name] ??= tried.map(({ learningRate, validationLoss }) => ({ learningRate, validationLoss }));
    arms[name] = best(tried);
  }
  runs.push({ seed, plateau, added, arms });
}

// Everything is decided: only now are the test images looked at.
const test = await readTest();
const names = ['plateau', 'retrofitted', ...ARMS.map(({ name }) => name)];
const wrong = Object.fromEntries(names.map((name) => [name, []]));
for (const { seed, arms } of runs) {
  for (const name of names) {
    const folder = arms[name]?.folder ?? join(FOLDER, `${name}-${seed}`);
    wrong[name].push(await wrongImages(folder, test));
  }
}

if (JSON.stringify(wrong.plateau) !== JSON.stringify(wrong.retrofitted))
  throw new Error('untrained modules change answers');

const results = {
  network: { channels: CHANNELS, ratio: RATIO, params: runs[0].added.before, addedParams: runs[0].added.added },
  images: PARTS,
  training: { plateau: PLATEAU, budget: BUDGET, batch: BATCH, shift: SHIFT, rates },
  arms: ARMS.map(({ name, title }) => ({ name, title, learningRate: best(rates[name]).learningRate })),
  seeds: runs.map(({ seed, plateau, arms }, index) => ({
    seed,
    plateau: { epochs: plateau.epochs, validation: plateau.after },
    arms: Object.fromEntries(
      Object.entries(arms).map(([name, { report }]) => [name, { best: report.best, validation: report.after }]),
    ),
    testErrors: Object.fromEntries(names.map((name) => [name, wrong[name][index].length])),
    // Of the images that the network got wrong at its plateau, those that are right now; and the other way round.
    changed: Object.fromEntries(ARMS.map(({ name }) => [name, difference(wrong.plateau[index], wrong[name][index])])),
  })),
};
writeFileSync(join(ROOT, 'docs', 'experiment.json'), `${JSON.stringify(results, undefined, 2)}\n`);
writeFileSync(join(ROOT, 'docs', 'EXPERIMENT.md'), experimentPage(results));
console.log(experimentPage(results));

function best(tried) {
  return tried.reduce((found, other) => (other.validationLoss < found.validationLoss ? other : found));
}

function difference(before, after) {
  const [old, now] = [new Set(before), new Set(after)];
  return {
    mended: before.filter((image) => !now.has(image)).length,
    broken: after.filter((image) => !old.has(image)).length,
  };
}

/** What tune says of a training with the validation's images. */
function tune(from, to, { epochs, learningRate, train, seed }) {
  const numbers = { epochs, 'learning-rate': learningRate, seed, batch: BATCH, shift: SHIFT };
  const flags = Object.entries({ ...numbers, train, backend: 'wasm', validation: join(DIGITS, 'validation') });
  const words = flags.flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  console.error(`tune ${from.slice(FOLDER.length + 1)}: ${train}, ${epochs} epochs, learning rate ${learningRate}`);
  const checkpoints = ['--checkpoints', `${to}-checkpoints`, '--resume'];
  return runCli(['tune', from, join(DIGITS, 'training'), '-o', to, '--force', ...words, ...checkpoints]);
}

/** Parameters before, and those that were added. */
function addModules(from, to, seed) {
  return runCli(['add', from, '-o', to, '--ratio', String(RATIO), '--seed', String(seed)]).params;
}

/** Runs the command line for its report. */
function runCli(words) {
  const { status, stdout } = spawnSync(process.execPath, [CLI, ...words, '--json'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`se-retrofit ${words.join(' ')} ended with ${status}: ${stdout}`);
  return JSON.parse(stdout);
}

function runNode(words) {
  const { status } = spawnSync(process.execPath, words, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** The test images, decoded by sharp alone. */
async function readTest() {
  const folder = join(DIGITS, 'test');
  const images = readdirSync(folder).flatMap((digit) =>
    readdirSync(join(folder, digit)).map((name) => ({ path: join(folder, digit, name), digit: Number(digit) })),
  );
  const pixels = new Float32Array(images.length * 28 * 28);
  for (const [index, { path }] of images.entries()) {
    const raw = await sharp(path).toColourspace('b-w').raw().toBuffer();
    pixels.set(
      Float32Array.from(raw, (value) => value / 255),
      index * 28 * 28,
    );
  }
  return { images, pixels };
}

/** Which test images a model gets wrong: loaded and computed by TensorFlow.js itself, without anything of ours. */
async function wrongImages(folder, { images, pixels }) {
  const tf = await import('@tensorflow/tfjs-core');
  const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  await tf.setBackend('wasm');
  const model = await loadLayersModel({ load: async () => artifacts(folder) });
  const found = tf.tidy(() =>
    tf.argMax(model.predict(tf.tensor4d(pixels, [images.length, 28, 28, 1]), { batchSize: 100 }), 1).dataSync(),
  );
  model.dispose();
  return images.flatMap(({ digit }, index) => (found[index] === digit ? [] : [index]));
}

/** What TensorFlow.js' own loaders make of a model.json and its weight files. */
function artifacts(folder) {
  const { weightsManifest, ...rest } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  const files = weightsManifest.flatMap(({ paths }) => paths.map((path) => readFileSync(join(folder, path))));
  const weightData = new Uint8Array(Buffer.concat(files)).buffer;
  return { ...rest, weightSpecs: weightsManifest.flatMap(({ weights }) => weights), weightData };
}
