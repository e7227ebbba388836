import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));
const CACHE = fileURLToPath(new URL('../../.cache/', import.meta.url));
const MAKING = '.oracle-making-';
/** tensorflow-cpu 2.21 and keras 3.15 together run on these. */
const OLDEST = '3.11';
const NEWEST = '3.13';
const CANDIDATES = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python'];
/** Whatever was being made this long ago is made no more: its run was interrupted. */
const ABANDONED_MILLISECONDS = 60 * 60 * 1000;
const BIN = process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python';

/** A judge, by what it is: tf_keras, Keras 3 on TensorFlow, Keras 3 on JAX. */
export const KINDS = ['keras2', 'keras3', 'keras3-jax'] as const;
export type Kind = (typeof KINDS)[number];

/** What the tests are told: a Python that has the Kerases, and why some or all of them are missing. */
export interface OracleEnvironment {
  readonly python: string | undefined;
  readonly missing: Readonly<Partial<Record<Kind, string>>>;
}

/**
 * Finds the Python environment of the oracle tests, and makes it where there is none yet (some minutes, once for each
 * requirements file, in .cache). What it needs is a Python of 3.11 to 3.13 with venv and pip, and pip's package index.
 */
export async function prepareEnvironment(
  say: (line: string) => void,
  cache = process.env.SE_RETROFIT_ORACLE_CACHE ?? CACHE,
): Promise<OracleEnvironment> {
  const chosen = process.env.SE_RETROFIT_ORACLE_PYTHON;
  if (chosen !== undefined && chosen !== '') return lookInto(chosen);
  const requirements = readFileSync(REQUIREMENTS);
  const folder = join(cache, `oracle-${createHash('sha256').update(requirements).digest('hex').slice(0, 12)}`);
  const python = join(folder, BIN);
  // Also false where the Python behind the link was removed: then the environment is made again.
  if (existsSync(python)) return { python, missing: {} };
  try {
    const base = await getBasePython();
    const started = Date.now();
    say(`Setting up real Keras for the oracle tests in ${folder} with ${base}: some minutes, this once.`);
    await make(base, folder, cache);
    say(`Real Keras is ready after ${Math.round((Date.now() - started) / 1000)} s.`);
    return { python, missing: {} };
  } catch (error) {
    return without(reasonOf(error));
  }
}

const without = (reason: string): OracleEnvironment => ({
  python: undefined,
  missing: Object.fromEntries(KINDS.map((kind) => [kind, reason])),
});

/** A Python that somebody else set up: what it lacks is missing, the rest runs. */
async function lookInto(python: string): Promise<OracleEnvironment> {
  const script =
    'import importlib.util as u; print(*(m for m in ("tensorflow","tf_keras","keras","h5py","jax") if u.find_spec(m)))';
  try {
    const { stdout } = await run(python, ['-c', script]);
    const found = stdout.trim().split(' ');
    const lacks = (...modules: string[]) => modules.filter((module) => !found.includes(module));
    const needs = {
      keras2: lacks('tensorflow', 'tf_keras', 'h5py'),
      keras3: lacks('tensorflow', 'keras', 'h5py'),
      'keras3-jax': lacks('jax', 'keras', 'h5py'),
    };
    const missing = Object.entries(needs)
      .filter(([, modules]) => modules.length > 0)
      .map(([kind, modules]) => [kind, `SE_RETROFIT_ORACLE_PYTHON has no ${modules.join(', ')}`]);
    return { python, missing: Object.fromEntries(missing) };
  } catch (error) {
    return without(`SE_RETROFIT_ORACLE_PYTHON cannot be run: ${reasonOf(error)}`);
  }
}

/** The first Python of the right age that can make environments. A command may be there and not run (pyenv's shims). */
async function getBasePython(): Promise<string> {
  const script =
    'import sys, json, venv, ensurepip; print(json.dumps([sys.executable, "%d.%d" % sys.version_info[:2]]))';
  const found: string[] = [];
  for (const candidate of CANDIDATES) {
    try {
      const { stdout } = await run(candidate, ['-c', script]);
      const [executable, version] = JSON.parse(stdout) as [string, string];
      const minor = Number(version.split('.')[1]);
      if (version.startsWith('3.') && minor >= 11 && minor <= 13) return executable;
      found.push(`${candidate} is ${version}`);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code !== 'ENOENT') found.push(`${candidate}: ${reasonOf(error)}`);
    }
  }
  const seen = found.length > 0 ? ` (${found.join('; ')})` : '';
  throw new Error(`no Python ${OLDEST} to ${NEWEST} with venv and pip was found${seen}`);
}

/** Makes the environment under another name and renames it when it is whole: two runs at once do not meet in one folder. */
async function make(base: string, folder: string, cache: string): Promise<void> {
  mkdirSync(cache, { recursive: true });
  removeAbandoned(cache);
  const staged = mkdtempSync(join(cache, MAKING));
  try {
    await run(base, ['-m', 'venv', staged]);
    const python = join(staged, BIN);
    const install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-input', '--requirement', REQUIREMENTS];
    await run(python, install, { maxBuffer: 64 * 1024 * 1024 });
    // What installs need not run; the first import also compiles, which the servers then need not wait for.
    const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '', JAX_PLATFORMS: 'cpu' };
    await run(python, ['-c', 'import tensorflow, tf_keras, keras, h5py, jax, scipy'], { env });
    if (existsSync(join(folder, BIN))) return; // another run was quicker; its folder holds the same
    rmSync(folder, { recursive: true, force: true });
    try {
      renameSync(staged, folder);
    } catch (error) {
      if (!existsSync(join(folder, BIN))) throw error;
    }
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

function removeAbandoned(cache: string): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (name.startsWith(MAKING) && Date.now() - statSync(path).mtimeMs > ABANDONED_MILLISECONDS) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}

/** The last thing that a failed command said, which is where Python and pip put the reason. */
function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  const lines = (stderr ?? '').split('\n').filter((line) => line.trim() !== '' && !line.startsWith('[notice]'));
  return (lines.at(-1) ?? message).trim();
}
