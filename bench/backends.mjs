// Times the backends on networks of real size: inference and a training step, each backend in a process of its own.
//   npm run bench:backends [-- network ...]
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { makeModel } from './make-model.mjs';

const BACKENDS = ['tfjs-node-gpu', 'wasm'];
// The memory of WebAssembly ends at 4 GB: training MobileNet v2 on 8 images takes more.
const BATCH = 2;
const ROUNDS = 5;
const SELF = fileURLToPath(import.meta.url);

const median = (numbers) => numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)];

if (process.argv[2] === '--measure') console.log(JSON.stringify(await measure(process.argv[3], process.argv[4])));
else compare(process.argv.slice(2));

function compare(networks) {
  console.log(`node ${process.version}, ${cpus().length} x ${cpus()[0].model}, batches of ${BATCH}, ms an image`);
  console.log(
    '| network | backend | inference | training step, all | training step, modules |\n|---|---|---:|---:|---:|',
  );
  for (const name of networks.length > 0 ? networks : ['mobilenet-v2', 'resnet50']) {
    for (const backend of BACKENDS) {
      const output = execFileSync(process.execPath, [SELF, '--measure', name, backend], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const { used, times } = JSON.parse(output.trim().split('\n').at(-1));
      console.log(`| ${[name, used, ...times.map((time) => time.toFixed(1))].join(' | ')} |`);
    }
  }
}

async function measure(name, backend) {
  const { readModel, retrofit } = await import('../dist/src/index.js');
  const { loadModel } = await import('../dist/src/runtime/load-model.js');
  const { startBackend } = await import('../dist/src/runtime/start-backend.js');
  const tensorflow = await startBackend(backend);
  const { tf } = tensorflow;
  const { runs } = await loadModel(tensorflow, retrofit(await readModel(makeModel(name))));
  const x = tf.randomUniform([BATCH, ...runs.inputs[0].shape.slice(1)], -1, 1, 'float32', 1);
  const y = tf.oneHot(tf.range(0, BATCH, 1, 'int32'), runs.outputs[0].shape[1]);
  const infer = async () => {
    const output = runs.predictOnBatch(x);
    await output.data();
    output.dispose();
  };
  const times = [await timed(infer)];
  for (const isTrained of [() => true, (layer) => layer.name.startsWith('se_')]) {
    for (const layer of runs.layers) layer.trainable = isTrained(layer);
    runs.compile({ optimizer: tf.train.adam(1e-4), loss: 'categoricalCrossentropy' });
    times.push(await timed(() => runs.trainOnBatch(x, y)));
  }
  return { used: backend + (tensorflow.usesGpu ? ' (GPU)' : ''), times };
}

async function timed(compute) {
  await compute();
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await compute();
    times.push((performance.now() - started) / BATCH);
  }
  return median(times);
}
