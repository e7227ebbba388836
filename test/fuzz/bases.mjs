import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readModel, writeModel } from '../../dist/src/index.js';

const MODELS = fileURLToPath(new URL('../../fixtures/models/', import.meta.url));

/** Small networks of every kind: units, nesting, sharing, several ends, quantised weights. */
const NAMES = [
  ...['resnet-dropout', 'downstream-chain', 'shared-layers', 'nested-residual-branch', 'separable-pairs', 'vgg-bn'],
  ...['sequential-object', 'siamese-sequential', 'multi-io', 'squeezenet-fire', 'layer-norm-residual', 'two-readers'],
  ...['conv1d-residual', 'leaky-prelu', 'channels-first', 'mobilenet-v1', 'regularised', 'frozen-nested', 'unet'],
];
const TFJS_ONLY = ['quantized-float16', 'quantized-kernels', 'groups', 'optimizer-middle', 'tfjs-saved', 'extra-keys'];

const ENDINGS = { h5: 'h5', keras: 'keras', json: 'json' };
const CONTAINERS = { h5: 'keras-h5', keras: 'keras-zip', json: 'keras-json' };
export const FORMATS = ['tfjs', 'h5', 'keras', 'json'];

/**
 * The whole models of a format that mutants are made of: files by name, the first is the one to read.
 * @returns {Promise<{ name: string, dialect: string, files: Map<string, Buffer> }[]>}
 */
export async function makeBases(format, folder, limit = NAMES.length) {
  if (format === 'tfjs')
    return [...NAMES.slice(0, limit), ...TFJS_ONLY].map((name) => ({
      name,
      dialect: 'keras2',
      files: filesIn(join(MODELS, name)),
    }));
  const bases = [];
  for (const name of NAMES.slice(0, limit)) {
    for (const dialect of ['keras2', 'keras3']) {
      const path = join(folder, `${name}-${dialect}`, `net.${ENDINGS[format]}`);
      const model = await readModel(join(MODELS, name));
      try {
        if (!existsSync(path)) await writeModel(model, path, { to: CONTAINERS[format], dialect });
      } catch (error) {
        // What a dialect cannot say is no base.
        if (error.code === 'cannot-convert') continue;
        throw error;
      }
      bases.push({ name: basename(dirname(path)), dialect, files: filesIn(dirname(path)) });
    }
  }
  return bases;
}

function filesIn(folder) {
  const names = readdirSync(folder).filter((name) => name !== 'expected.json');
  const first = names.find(
    (name) => !/\.(bin|weights\.h5)$/.test(name) && (names.length === 1 || name.endsWith('json')),
  );
  return new Map(
    [first, ...names.filter((name) => name !== first)].map((name) => [name, readFileSync(join(folder, name))]),
  );
}
