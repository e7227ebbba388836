// What is compared with in Python: the recipe in Keras itself, and the converter of TensorFlow.js.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const REPOSITORY_CACHE = fileURLToPath(new URL('../.cache/', import.meta.url));
const RECIPE = fileURLToPath(new URL('keras-recipe.py', import.meta.url));
const CONVERT = fileURLToPath(new URL('tensorflowjs-convert.py', import.meta.url));
const CONVERTER = 'tensorflowjs-4.22.0';

/** The Python that `npm test` made or was given; undefined where there is none. */
export function findPython() {
  const chosen = process.env.SE_RETROFIT_ORACLE_PYTHON;
  if (chosen) return chosen;
  const made = existsSync(REPOSITORY_CACHE)
    ? readdirSync(REPOSITORY_CACHE).filter((name) => name.startsWith('oracle-'))
    : [];
  const pythons = made.flatMap((name) =>
    ['bin/python', 'Scripts/python.exe'].map((path) => `${REPOSITORY_CACHE}${name}/${path}`),
  );
  return pythons.find((path) => existsSync(path));
}

/** Load, clone with modules behind the layers of these names, copy the weights by name, save. */
export const recipeRun = (python, input, output, layerNames) => ({
  command: python,
  args: [RECIPE, input, output, layerNames.join(',')],
  output,
  isSlow: true,
});

/** tensorflowjs_converter; it stands in a folder of its own, as it cannot be installed beside a TensorFlow of today. */
export function converterRun(python, input, output) {
  const folder = `${REPOSITORY_CACHE}${CONVERTER}`;
  if (!existsSync(folder)) {
    const making = `${folder}.making`;
    rmSync(making, { recursive: true, force: true });
    const requirement = CONVERTER.replace('-', '==');
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', making, requirement]);
    renameSync(making, folder);
  }
  return { command: python, args: [CONVERT, input, output], output, env: { PYTHONPATH: folder }, isSlow: true };
}
