import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, expect, inject, test } from 'vitest';
import { compareWeights } from '../../src/formats/compare/compare-weights.js';
import { readModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { isTurnOf } from '../support/turns.js';
import { describeOracle, type Oracle, oracle } from './oracle.js';
import { retrofitSaved } from './saved-models.js';

// The scripts of examples/ as real processes: two devices of JAX, two workers of TensorFlow; by turns.

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const PATIENCE_MILLISECONDS = 300_000;
const MODEL = 'residual_shortcut_first';
const CLASSES = ['red', 'green', 'blue', 'white', 'black'];
const IMAGES_A_CLASS = 8;
const OPTIONS = ['--epochs', '4', '--batch', '8', '--learning-rate', '0.1'];

const folder = temporaryFolder();
const images = join(folder, 'images');

beforeAll(async () => {
  for (const background of CLASSES) {
    mkdirSync(join(images, background), { recursive: true });
    for (let index = 0; index < IMAGES_A_CLASS; index++) {
      const image = sharp({ create: { width: 16, height: 16 + index, channels: 3, background } });
      await image.png().toFile(join(images, background, `${index}.png`));
    }
  }
});

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function python(script: string, words: readonly string[], env: Readonly<Record<string, string>>): Promise<Finished> {
  const quiet = {
    TF_CPP_MIN_LOG_LEVEL: '3',
    CUDA_VISIBLE_DEVICES: '',
    JAX_PLATFORMS: 'cpu',
    // To compile takes longer than all the rest.
    JAX_DISABLE_MOST_OPTIMIZATIONS: '1',
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const child = spawn(inject('oracle').python!, [join(EXAMPLES, script), ...words, ...OPTIONS], {
    env: { ...process.env, ...quiet, ...env },
    timeout: PATIENCE_MILLISECONDS,
    killSignal: 'SIGKILL',
  });
  return new Promise((resolve, reject) => {
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** A model of the catalogue, retrofitted; the path of the file. */
async function retrofitted(keras: Oracle, name: string): Promise<string> {
  const place = join(folder, name);
  await keras.make(MODEL, place, ['.keras']);
  return (await retrofitSaved(join(place, `${MODEL}.keras`), join(place, 'after'))) as string;
}

/** Two devices computed, the loss fell, and of the file nothing but the modules' weights changed. */
async function expectTrained({ code, stdout, stderr }: Finished, before: string, output: string): Promise<void> {
  expect(code, stderr).toBe(0);
  const report = JSON.parse(stdout.trim().split('\n').at(-1)!);
  expect(report.devices).toBe(2);
  expect(report.modules.length).toBeGreaterThan(2);
  expect(report.after.loss).toBeLessThan(report.before.loss);
  const { changed, added } = await compareWeights(await readModel(before), await readModel(output));
  expect(added).toBe(0);
  expect(changed.filter(({ layer, reason }) => reason !== 'values' || !report.modules.includes(layer))).toEqual([]);
  const expands = report.modules.filter((name: string) => name.endsWith('_expand'));
  expect(changed.map(({ layer }) => layer)).toEqual(expect.arrayContaining(expands));
}

if (isTurnOf('keras3', 0))
  describeOracle('keras3-jax', 'examples: keras.distribution', () => {
    const keras = oracle('keras3');
    test('two devices train the modules of a retrofitted file', { timeout: PATIENCE_MILLISECONDS }, async () => {
      const before = await retrofitted(keras, 'jax');
      const output = join(folder, 'jax.keras');
      const env = { XLA_FLAGS: '--xla_force_host_platform_device_count=2' };
      await expectTrained(await python('finetune_jax.py', [before, images, output], env), before, output);
    });
  });

if (isTurnOf('keras3', 1))
  describeOracle('keras3', 'examples: MultiWorkerMirroredStrategy', (keras) => {
    test('two workers train the modules of a retrofitted file', { timeout: PATIENCE_MILLISECONDS }, async () => {
      const before = await retrofitted(keras, 'tensorflow');
      const output = join(folder, 'tensorflow.keras');
      const worker = [`localhost:${await freePort()}`, `localhost:${await freePort()}`];
      const [first, second] = await Promise.all(
        worker.map((_, index) => {
          const TF_CONFIG = JSON.stringify({ cluster: { worker }, task: { type: 'worker', index } });
          return python('finetune_tensorflow.py', [before, images, output], { TF_CONFIG });
        }),
      );
      expect(second!.code, second!.stderr).toBe(0);
      await expectTrained(first!, before, output);
    });
  });

/** A port that nobody listens on; somebody might a moment later, which then shows. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => resolve(port));
    });
  });
}
