// Unpacks the trained networks inside the npm package nsfwjs (MIT) into .cache/nsfwjs/<model>/, as TensorFlow.js saves
// them: a model.json and its weight files. They are real input for the demo and the tests, and are not committed.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const CACHE = join(ROOT, '.cache', 'nsfwjs');

/**
 * Unpacks every layers model of the package; what is unpacked already is left alone.
 * @returns {Promise<Record<string, string>>} the folder of each model, by its name
 */
export async function unpackNsfwjs() {
  return Object.fromEntries(unpackAll().filter(([, folder]) => folder !== undefined));
}

/** Every model of the package with its folder. */
function unpackAll() {
  // The package exports neither its package.json nor the folder, so a file that it does export shows the way.
  const packed = resolve(dirname(require.resolve('nsfwjs/models/mobilenet_v2')), '../../models');
  return readdirSync(packed, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => [name, unpack(join(packed, name), join(CACHE, name))]);
}

/** The folder of the model; undefined where it is a graph model, which has no layers. */
function unpack(packed, folder) {
  // The folder is renamed into place when it is complete: a model.json in it means that all is there.
  if (existsSync(join(folder, 'model.json'))) return folder;
  // model.min.js is JavaScript, not JSON (keys without quotes, !1, .999), so only an engine can read it. It is a UMD module
  // whose one statement is that literal, and its folder says "commonjs": require() runs this and nothing else of nsfwjs.
  const model = require(join(packed, 'model.min.js'));
  if (model.format === 'graph-model') return undefined;

  mkdirSync(CACHE, { recursive: true });
  const staged = mkdtempSync(join(CACHE, '.unpacking-'));
  for (const shard of model.weightsManifest.flatMap((group) => group.paths)) {
    writeFileSync(join(staged, shard), shardBytes(join(packed, `${shard}.min.js`)));
  }
  writeFileSync(join(staged, 'model.json'), JSON.stringify(model));
  chmodSync(staged, 0o755); // a temporary folder is nobody else's to read; this one is not temporary any more
  try {
    renameSync(staged, folder);
  } catch (error) {
    rmSync(staged, { recursive: true, force: true });
    // Another process may have been quicker; its folder holds the same.
    if (!existsSync(join(folder, 'model.json'))) throw error;
  }
  return folder;
}

/** A shard module exports one string, the shard in base64. It is cut out of the text: nothing has to run for that. */
function shardBytes(file) {
  const match = /exports="([A-Za-z0-9+/]+={0,2})"/.exec(readFileSync(file, 'latin1'));
  if (match === null) throw new Error(`${file}: no base64 string where nsfwjs 4.3.0 has one`);
  return Buffer.from(match[1], 'base64');
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const [name, folder] of unpackAll()) {
    console.log(`${name}: ${folder === undefined ? 'skipped, a graph model' : relative(process.cwd(), folder) || '.'}`);
  }
}
