// npm run backend:native: builds the native binding of tfjs-node-gpu against the TensorFlow of PyPI, in .cache/native, where
// se-retrofit looks first. The library that the package downloads by itself is of 2022. Nothing outside .cache changes.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const CACHE = join(ROOT, '.cache');
const LOADER = join(ROOT, 'scripts', 'quiet-binding.cc');
const LISTS = join(ROOT, 'scripts', 'binding-lists.cc');
const SCOPE = '@tensorflow';
const PACKAGE = `${SCOPE}/tfjs-node-gpu`;
const TFJS_VERSION = '4.22.0';
const TENSORFLOW_VERSION = '2.21.0';
const HEADERS = 'node-api-headers@1.9.0';
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const COMPILERS = ['g++', 'c++', 'clang++'];
const PYTHONS = ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
const MEGABYTES = 2 ** 20;

/** Why nothing was built, in words for people. */
export class CannotBuild extends Error {
  /** @param {boolean} isMissing whether what it is built with is not there, so that nothing was tried */
  constructor(message, isMissing = false) {
    super(message);
    this.isMissing = isMissing;
  }
}

/**
 * Builds the binding, or finds that it is built already for this TensorFlow, and lets it compute.
 * @param {{folder?: string, python?: string, installs?: boolean, say?: (line: string) => void}} options `python`: one that
 * has TensorFlow; `installs`: whether TensorFlow may be installed where no Python has it
 * @returns {Promise<{folder: string, tensorflow: string, usesGpu: boolean}>}
 */
export async function buildNative({ folder = join(CACHE, 'native'), python, installs = true, say = () => {} } = {}) {
  if (process.platform !== 'linux') {
    throw new CannotBuild(
      `on ${process.platform} the TensorFlow of PyPI is laid out otherwise: this is for Linux`,
      true,
    );
  }
  const compiler = await findCompiler();
  // A TensorFlow that is there will do where none may be installed.
  const wantsGpu = installs && (await succeeds('nvidia-smi', ['-L']));
  const tensorflow =
    (await findTensorFlow(python === undefined ? undefined : [python], wantsGpu)) ??
    (installs ? await installTensorFlow(folder, wantsGpu, say) : undefined);
  if (tensorflow === undefined) throw new CannotBuild('no Python here has TensorFlow', true);

  const library = statSync(join(tensorflow, LIBRARIES[0]));
  const stamp = JSON.stringify({
    tensorflow,
    bytes: library.size,
    changed: library.mtimeMs,
    tfjs: TFJS_VERSION,
    ours: [LOADER, LISTS].map((source) => createHash('sha256').update(readFileSync(source)).digest('hex')),
  });
  const stampFile = join(folder, 'built.json');
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
    rmSync(stampFile, { force: true });
    // Headers first: npm takes away what it did not install itself.
    const headers = await findHeaders(folder, say);
    await compile(compiler, await placePackage(folder, say), tensorflow, headers, say);
    writeFileSync(stampFile, stamp);
  }
  try {
    return { folder, ...(await tryOut(folder)) };
  } catch (error) {
    // What does not run must not stand before what may.
    for (const name of ['built.json', join('node_modules', PACKAGE)]) rmSync(join(folder, name), { recursive: true });
    throw error;
  }
}

const succeeds = (program, words) =>
  run(program, words).then(
    () => true,
    () => false,
  );

async function findCompiler() {
  const candidates = process.env.CXX ? [process.env.CXX] : COMPILERS;
  for (const candidate of candidates) if (await succeeds(candidate, ['--version'])) return candidate;
  throw new CannotBuild(`there is no C++ compiler (${candidates.join(', ')})`, true);
}

/** The folder of an installed TensorFlow, one that computes on a GPU if there is one. */
async function findTensorFlow(pythons = knownPythons(), wantsGpu = false) {
  const script =
    'import importlib.util as u; s = u.find_spec("tensorflow"); print(s.submodule_search_locations[0] if s else "")';
  for (const python of pythons) {
    const { stdout } = await run(python, ['-c', script]).catch(() => ({ stdout: '' }));
    const found = stdout.trim();
    if (found === '' || !LIBRARIES.every((name) => existsSync(join(found, name)))) continue;
    if (!wantsGpu || isBuiltForCuda(found)) return found;
  }
  return undefined;
}

function knownPythons() {
  const environments = existsSync(CACHE) ? readdirSync(CACHE).filter((name) => name.startsWith('oracle-')) : [];
  return [
    process.env.SE_RETROFIT_ORACLE_PYTHON,
    join(CACHE, 'native', 'python', 'bin', 'python'),
    ...environments.map((name) => join(CACHE, name, 'bin', 'python')),
    ...PYTHONS,
  ].filter((python) => python !== undefined && python !== '');
}

const isBuiltForCuda = (tensorflow) => {
  const file = join(tensorflow, 'python', 'platform', 'build_info.py');
  return existsSync(file) && /'is_cuda_build', True/.test(readFileSync(file, 'utf8'));
};

/** TensorFlow in a virtual environment of its own. */
async function installTensorFlow(folder, wantsGpu, say) {
  const environment = join(folder, 'python');
  const wheel = `${wantsGpu ? 'tensorflow[and-cuda]' : 'tensorflow-cpu'}==${TENSORFLOW_VERSION}`;
  for (const base of PYTHONS) {
    // A Python without venv, or one that is too old or too new for the wheel, leaves it to the next.
    if (!(await succeeds(base, ['-c', 'import venv, ensurepip']))) continue;
    say(`installing ${wheel} with ${base} into ${environment}: some minutes`);
    rmSync(environment, { recursive: true, force: true });
    const python = join(environment, 'bin', 'python');
    const isInstalled =
      (await succeeds(base, ['-m', 'venv', environment])) &&
      (await succeeds(python, ['-m', 'pip', 'install', '--quiet', '--no-input', wheel]));
    if (isInstalled) return findTensorFlow([python], wantsGpu);
  }
  rmSync(environment, { recursive: true, force: true });
  throw new CannotBuild(`no Python here can install ${wheel}`);
}

/** A copy of the package in the folder, its dependencies beside it or further up: there must be one TensorFlow.js. */
async function placePackage(folder, say) {
  const modules = join(folder, 'node_modules');
  const place = join(modules, PACKAGE);
  if (existsSync(join(place, 'package.json'))) return place;
  const installed = findInstalled();
  if (installed !== undefined) {
    cpSync(installed, place, { recursive: true, dereference: true });
    return place;
  }
  say(`fetching ${PACKAGE}@${TFJS_VERSION}`);
  await install(folder, `${PACKAGE}@${TFJS_VERSION}`);
  return place;
}

/** The package where npm installed it, with everything it needs. */
function findInstalled() {
  try {
    const manifest = createRequire(join(ROOT, 'package.json')).resolve(`${PACKAGE}/package.json`);
    const { version, dependencies } = JSON.parse(readFileSync(manifest, 'utf8'));
    const require = createRequire(manifest);
    const isWhole = Object.keys(dependencies).every(
      (name) => resolves(require, name) || resolves(require, `${name}/package.json`),
    );
    return version === TFJS_VERSION && isWhole ? dirname(manifest) : undefined;
  } catch {
    return undefined;
  }
}

function resolves(require, name) {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** Installs a package into the folder's own node_modules; its scripts do not run, and what we have already goes again. */
async function install(folder, name) {
  mkdirSync(folder, { recursive: true });
  // npm goes up to the nearest package.json otherwise, which is ours.
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n');
  const words = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', name];
  await run('npm', words, { cwd: folder, maxBuffer: 64 * MEGABYTES }).catch((error) => {
    throw new CannotBuild(`npm cannot install ${name}: ${lastLine(error)}`);
  });
  const require = createRequire(join(ROOT, 'package.json'));
  const scope = join(folder, 'node_modules', SCOPE);
  for (const dependency of existsSync(scope) ? readdirSync(scope) : []) {
    const twin = `${SCOPE}/${dependency}`;
    if (twin !== PACKAGE && resolves(require, `${twin}/package.json`))
      rmSync(join(scope, dependency), { recursive: true });
  }
}

/** Where node_api.h is: beside Node itself, or in a package that brings it. */
async function findHeaders(folder, say) {
  const own = resolve(process.execPath, '..', '..', 'include', 'node');
  if (existsSync(join(own, 'node_api.h'))) return own;
  const packed = join(folder, 'node_modules', 'node-api-headers', 'include');
  if (!existsSync(join(packed, 'node_api.h'))) {
    say(`fetching ${HEADERS}`);
    await install(folder, HEADERS);
  }
  return packed;
}

/** The binding, and a small one in its place that loads it without noise. */
async function compile(compiler, place, tensorflow, headers, say) {
  say(`compiling against ${tensorflow}`);
  const binary = createRequire(join(place, 'package.json'))('@mapbox/node-pre-gyp').find(join(place, 'package.json'));
  const flags = [
    ...['-O2', '-fPIC', '-std=c++17', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION'],
    ...[`-I${headers}`, `-I${join(tensorflow, 'include')}`, '-I.'],
  ];
  const linked = [`-L${tensorflow}`, ...LIBRARIES.map((name) => `-l:${name}`), `-Wl,-rpath,${tensorflow}`];
  const sources = [
    ['-DTFE_OpSetAttrString=SetStringOrList', 'binding/tfjs_backend.cc'],
    ['binding/tfjs_binding.cc'],
    [LISTS],
  ];
  const built = dirname(binary);
  mkdirSync(built, { recursive: true });
  try {
    const [objects] = await Promise.all([
      Promise.all(sources.map((words) => make([...flags, '-c', ...words], join(built, `${basename(words.at(-1))}.o`)))),
      make([...flags, '-shared', LOADER, '-ldl'], binary),
    ]);
    await make(['-shared', ...objects, ...linked], join(built, 'tfjs_tensorflow.node'));
  } catch (error) {
    rmSync(place, { recursive: true });
    throw new CannotBuild(`${compiler} does not compile the binding: ${firstError(error)}`);
  }

  /** Compiles under another name first: nobody loads half a library. */
  async function make(words, made) {
    const unfinished = `${made}.${process.pid}`;
    await run(compiler, [...words, '-o', unfinished], { cwd: place, maxBuffer: 64 * MEGABYTES });
    renameSync(unfinished, made);
    return made;
  }
}

/** A process of its own loads what was built and multiplies: what crashes there does not crash here. */
async function tryOut(folder) {
  const script = `
    const util = require('node:util');
    util.isNullOrUndefined ??= (value) => value === null || value === undefined;
    util.isArray ??= Array.isArray;
    const tf = require('${PACKAGE}');
    const [product] = tf.matMul([[3]], [[14]]).dataSync();
    if (product !== 42) throw new Error('3 * 14 is ' + product);
    const { binding, isUsingGpuDevice } = tf.backend();
    console.log(JSON.stringify({ tensorflow: binding.TF_Version, usesGpu: isUsingGpuDevice }));`;
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' };
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: folder, env }).catch((error) => {
    throw new CannotBuild(`what was built does not run: ${firstError(error)}`);
  });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

const linesOf = ({ stderr, message }) => (stderr || message).split('\n').filter((line) => line.trim() !== '');
const lastLine = (error) => linesOf(error).at(-1);
const firstError = (error) => linesOf(error).find((line) => /error/i.test(line)) ?? lastLine(error);

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const python = process.argv[2];
  try {
    const { folder, tensorflow, usesGpu } = await buildNative({ python, say: (line) => console.error(line) });
    console.log(`TensorFlow ${tensorflow} computes on the ${usesGpu ? 'GPU' : 'CPU'}; built in ${folder}`);
  } catch (error) {
    if (!(error instanceof CannotBuild)) throw error;
    console.error(`the native backend cannot be built: ${error.message}`);
    process.exitCode = 1;
  }
}
