// Pythons with an old TensorFlow or Keras, in .cache/versions. What is there is kept.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPython } from '../../bench/keras.mjs';

const run = promisify(execFile);

/**
 * How to start a version, or why it is not to be had.
 * @returns {Promise<{ python: string, env: object } | { missing: string }>}
 */
export async function prepareEnvironment(version, cache, say) {
  if (version.isToday) {
    const python = findPython();
    return python === undefined ? { missing: '`npm test` has not set it up' } : { python, env: {} };
  }
  try {
    const python = await prepareVenv(version, cache, say);
    if (version.target === undefined) return { python, env: {} };
    const target = join(cache, version.target);
    if (!existsSync(target)) {
      say(`installing ${version.targetPackage}`);
      const making = remake(`${target}.making`);
      await install(python, ['--no-deps', '--target', making, version.targetPackage]);
      renameSync(making, target);
    }
    return { python, env: { PYTHONPATH: target } };
  } catch (error) {
    const lines = String(error.stderr || error.message)
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('[notice]'));
    return { missing: (lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1)).trim() };
  }
}

async function prepareVenv({ folder, packages, pythons }, cache, say) {
  const venv = join(cache, folder);
  const python = join(venv, 'bin', 'python');
  if (!existsSync(python)) {
    const base = await findBasePython(pythons);
    const making = remake(`${venv}.making`);
    await run(base, ['-m', 'venv', making]);
    renameSync(making, venv);
  }
  // pip writes this when the package and everything that it needs is there.
  const record = `${packages[0].replace('-', '_').replace('==', '-')}.dist-info`;
  const places = readdirSync(join(venv, 'lib')).map((name) => join(venv, 'lib', name, 'site-packages', record));
  if (!places.some((place) => existsSync(place))) {
    say(`installing ${packages.join(' ')}`);
    await install(python, packages);
  }
  return python;
}

const install = (python, words) =>
  run(python, ['-m', 'pip', 'install', '--quiet', '--no-input', '--no-compile', ...words], { maxBuffer: 2 ** 26 });

/** @returns a name at which nothing is */
function remake(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, '..'), { recursive: true });
  return folder;
}

/** On the path, or among pyenv's. A command may be there and not run (pyenv's shims). */
async function findBasePython(versions) {
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const installed = existsSync(pyenv) ? readdirSync(pyenv) : [];
  for (const version of versions) {
    const found = installed
      .filter((name) => name.startsWith(`${version}.`))
      .map((name) => join(pyenv, name, 'bin/python'));
    for (const candidate of [`python${version}`, ...found]) {
      try {
        const { stdout } = await run(candidate, ['-c', 'import sys, venv, ensurepip; print(sys.executable)']);
        return stdout.trim();
      } catch {
        // The next one.
      }
    }
  }
  throw new Error(`there is no Python ${versions.join(' or ')} here`);
}
