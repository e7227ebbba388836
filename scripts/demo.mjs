// npm run demo: puts SE modules into a real trained network, then lets TensorFlow.js itself compare the two.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackNsfwjs } from './unpack-nsfwjs.mjs';

const require = createRequire(import.meta.url);
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const CLI = join(ROOT, 'dist', 'bin', 'se-retrofit.js');
const WORDS = ['.cache/nsfwjs/mobilenet_v2/model.json', '--ratio', '16', '--skip-stage', '5'];

// `prepare` compiles at npm ci; this is for a dist/ that was removed since.
if (!existsSync(CLI)) runNode([require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
const before = (await unpackNsfwjs()).mobilenet_v2;
const after = join(before, 'model-se');
rmSync(after, { recursive: true, force: true });

console.log(`$ se-retrofit ${WORDS.join(' ')}`);
runNode([CLI, ...WORDS]);
console.log(await compare(before, after));

/** Runs a script of ours, its output as ours; where it fails, so do we. */
function runNode(words) {
  const { status } = spawnSync(process.execPath, words, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Predicts with both models in TensorFlow.js; sets the exit code where any output differs in any bit. */
async function compare(beforeFolder, afterFolder) {
  console.warn = () => {}; // TensorFlow.js advertises its native package
  const tf = await import('@tensorflow/tfjs-core');
  const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  await tf.setBackend('wasm');

  const models = [];
  for (const folder of [beforeFolder, afterFolder])
    models.push(await loadLayersModel({ load: async () => artifacts(folder) }));
  const shape = [4, ...models[0].inputs[0].shape.slice(1)];
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, at) =>
    Math.sin(at * 12.9898 + 78.233),
  );
  const [old, now] = models.map((model) => model.predict(tf.tensor(values, shape)).dataSync());
  // Two NaN are identical too, and prove nothing.
  const differing = old.findIndex((value, at) => !Object.is(value, now[at]) || !Number.isFinite(value));
  const same = old.length === now.length && differing < 0;
  if (!same) process.exitCode = 1;
  const where = `TensorFlow.js ${tf.version_core}, ${tf.getBackend()}, ${shape[0]} images, ${old.length} output numbers`;
  return same
    ? `${where}: all identical, bit for bit`
    : `${where}: DIFFERENT, ${old[differing]} became ${now[differing]} at number ${differing}`;
}

/** What TensorFlow.js' own loaders make of a model.json and its weight files. */
function artifacts(folder) {
  const { weightsManifest, ...artifacts } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  const bytes = Buffer.concat(
    weightsManifest.flatMap(({ paths }) => paths.map((path) => readFileSync(join(folder, path)))),
  );
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return { ...artifacts, weightSpecs: weightsManifest.flatMap(({ weights }) => weights), weightData };
}
