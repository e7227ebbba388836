// Times `se-retrofit add` on a ResNet-50 of Keras 3 against the recipe people use in Keras itself (keras-recipe.py):
// whole processes, alternating, medians. Needs the Python of the oracle tests (test/oracle).
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CACHE, CLI, median, peakMegabytes, timed } from './measure.mjs';

const ROUNDS = 5;
const RECIPE = fileURLToPath(new URL('keras-recipe.py', import.meta.url));

/** The Python that `npm test` made or was given; undefined where there is none. */
function findPython() {
  const chosen = process.env.SE_RETROFIT_ORACLE_PYTHON;
  if (chosen) return chosen;
  const cache = fileURLToPath(new URL('../.cache/', import.meta.url));
  const made = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('oracle-')) : [];
  const pythons = made.flatMap((name) => [`${cache}${name}/bin/python`, `${cache}${name}/Scripts/python.exe`]);
  return pythons.find((path) => existsSync(path));
}

export function benchAgainstKeras() {
  const python = findPython();
  if (python === undefined) {
    console.log('\nNo Keras to compare with: `npm test` sets it up where a Python 3.11 to 3.13 is there.');
    return;
  }
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(`${CACHE}resnet50.keras`)) timed(python, [RECIPE, 'make', CACHE]);
  console.log('\nResNet-50 against load, clone with modules, copy weights by name, save in Keras 3:');
  console.log(
    '| file | times as fast | times the memory | retrofit ms | peak MB | Keras ms | of it import ms | peak MB |\n|---|---:|---:|---:|---:|---:|---:|---:|',
  );
  for (const extension of ['h5', 'keras']) {
    const input = `${CACHE}resnet50.${extension}`;
    const output = `${CACHE}output.${extension}`;
    const args = [input, '-o', output, '--quiet'];
    const runs = Array.from({ length: ROUNDS }, () => {
      const retrofit = timed(process.execPath, [CLI, ...args]).milliseconds;
      rmSync(output);
      const peak = peakMegabytes(args);
      rmSync(output);
      const keras = timed(python, [RECIPE, 'add', input, output]);
      rmSync(output);
      return { retrofit, peak, keras: keras.milliseconds, ...JSON.parse(keras.stdout) };
    });
    const of = (key) => median(runs.map((run) => run[key]));
    const [ours, theirs] = [of('peak'), of('peakMegabytes')];
    const numbers = [of('retrofit'), ours, of('keras'), 1000 * of('importSeconds'), theirs].map((n) => n.toFixed(0));
    const ratios = [of('keras') / of('retrofit'), theirs / ours].map((ratio) => ratio.toFixed(1));
    console.log(`| ${[`.${extension}`, ...ratios, ...numbers].join(' | ')} |`);
  }
}
