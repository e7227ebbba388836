import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { hasFacts } from '../src/layers/known-layers.js';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

/** A room is a folder of src, or a file right in it. What a room may import: docs/ARCHITECTURE.md. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  'limits.ts': [],
  'format-names.ts': [],
  'containers.ts': ['format-names.ts'],
  'tool.ts': [],
  'random.ts': [],
  'flag-of.ts': [],
  'plural.ts': [],
  'nearest-names.ts': ['errors.ts'],
  'shell-word.ts': [],
  'missing-packages.ts': [],
  json: ['errors.ts', 'limits.ts'],
  layers: ['json'],
  model: ['layers', 'json', 'errors.ts', 'limits.ts', 'format-names.ts', 'containers.ts'],
  storage: ['limits.ts', 'errors.ts', 'shell-word.ts'],
  'storage/node': ['storage', 'limits.ts', 'errors.ts'],
  formats: [
    'model',
    'layers',
    'json',
    'storage',
    'errors.ts',
    'limits.ts',
    'format-names.ts',
    'containers.ts',
    'tool.ts',
    'plural.ts',
    'nearest-names.ts',
  ],
  stages: ['model', 'layers', 'json'],
  se: ['model', 'layers', 'json', 'errors.ts', 'random.ts'],
  plan: [
    'stages',
    'se',
    'model',
    'layers',
    'json',
    'errors.ts',
    'limits.ts',
    'nearest-names.ts',
    'flag-of.ts',
    'plural.ts',
    'shell-word.ts',
  ],
  transforms: ['plan', 'se', 'model', 'json', 'errors.ts', 'nearest-names.ts'],
  // Types only, besides the leaves: a report is made from what others found out.
  report: ['errors.ts', 'limits.ts', 'format-names.ts', 'containers.ts', 'flag-of.ts', 'plural.ts', 'shell-word.ts'],
  'find-stop.ts': ['formats', 'model', 'errors.ts'],
  'list-commands.ts': ['find-stop.ts', 'formats', 'model', 'layers'],
  'list-conversions.ts': ['find-stop.ts', 'formats', 'model', 'layers', 'containers.ts'],
  'inspect.ts': [
    ...['find-stop.ts', 'list-commands.ts', 'list-conversions.ts', 'formats', 'plan', 'stages', 'model'],
    'containers.ts',
  ],
  'plan-with-weights.ts': ['formats', 'plan', 'model'],
  'web.ts': [
    'formats',
    'storage',
    'transforms',
    'plan',
    'plan-with-weights.ts',
    'inspect.ts',
    'report',
    'se',
    'model',
    'errors.ts',
    'limits.ts',
    'nearest-names.ts',
    'containers.ts',
  ],
  images: ['errors.ts', 'limits.ts', 'random.ts', 'missing-packages.ts'],
  tune: [
    ...['runtime', 'images', 'formats', 'storage', 'model', 'layers', 'json', 'errors.ts', 'limits.ts', 'random.ts'],
    'flag-of.ts',
    'plural.ts',
  ],
  runtime: [
    ...['formats', 'images', 'stages', 'plan', 'model', 'layers', 'json', 'errors.ts', 'limits.ts', 'random.ts'],
    'missing-packages.ts',
    'shell-word.ts',
  ],
};

/** Folders with rooms of their own: each room may import those that stand before it. */
const ORDERS: Readonly<Record<string, readonly string[]>> = {
  formats: [
    ...[
      'memoize-by-object.ts',
      'written-files.ts',
      'dialects',
      'find',
      'values',
      'carried-code.ts',
      'explicit-defaults.ts',
    ],
    ...['weight-layouts', 'saved-model', 'tfjs', 'keras', 'readers.ts', 'writers.ts', 'known-formats.ts', 'verdict'],
    ...['conversion-warnings.ts', 'convert-model.ts', 'computable.ts', 'compare', 'output'],
  ],
  storage: [
    ...['compare-bytes.ts', 'crc32.ts', 'is-within.ts', 'map-with-concurrency.ts', 'new-bytes.ts', 'file-window.ts'],
    ...['hdf5.ts', 'hdf5', 'storage.ts', 'storage-errors.ts', 'replace-file.ts', 'zip', 'memory', 'memory.ts', 'node'],
  ],
  'storage/node': [
    ...['crc32.ts', 'running-checksum.ts', 'file-system-errors.ts', 'unfinished.ts', 'run-sync.ts', 'read-bytes.ts'],
    ...['write-bytes.ts', 'file-chunks.ts', 'open-file.ts', 'file-window.ts', 'hdf5', 'zip', 'pending-output'],
    ...['temporary-file.ts', 'node-storage.ts'],
  ],
};

/** These may import everything. */
const TOPS: readonly string[] = ['cli', 'index.ts'];

const IMPORT = /^(?:import|export)\s+(type\s)?[^'"]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gm;

/** Imports at the top of a file, of types too. What a file imports when it runs may be above it. */
const STATIC_IMPORT = /^(?:import|export)\s[^'"]*?from\s+'(\.[^']+)'/gm;

function roomOf(file: string): string {
  const path = relative(SRC, file);
  if (path.startsWith('storage/node/')) return 'storage/node';
  return path.split('/')[0]!.replace(/\.js$/, '.ts');
}

function listArrows(): readonly { file: string; from: string; to: string; isType: boolean }[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return files.flatMap((name) => {
    const file = join(SRC, name);
    return [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, type, from, lazy]) => ({
      file: name,
      from: roomOf(file),
      to: roomOf(join(dirname(file), (from ?? lazy)!)),
      isType: type !== undefined,
    }));
  });
}

test('folders import only what their arrows allow', () => {
  const wrong = listArrows().filter(({ from, to, isType }) => {
    if (from === to || TOPS.includes(from)) return false;
    if (from === 'report' && isType) return false;
    return !(ARROWS[from] ?? []).includes(to);
  });
  expect(wrong).toEqual([]);
});

test.each(Object.entries(ORDERS))('the rooms of %s import only what stands before them', (room, order) => {
  const folder = join(SRC, room);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const placeOf = (path: string) => order.indexOf(path.split('/')[0]!.replace(/\.js$/, '.ts'));
  const wrong = files.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(IMPORT)]
      .map(([, , from, lazy]) => relative(folder, join(folder, dirname(name), (from ?? lazy)!)))
      .filter((path) => !path.startsWith('..') && placeOf(path) > placeOf(name))
      .map((path) => `${name} imports ${path}`),
  );
  expect(wrong).toEqual([]);
  expect([...new Set(files.map(placeOf))].sort((left, right) => left - right)).toEqual([...order.keys()]);
});

test('every room has its arrows, and every arrow its room', () => {
  const arrows = listArrows();
  const rooms = new Set(arrows.flatMap(({ from, to }) => [from, to]));
  expect([...rooms].filter((room) => ARROWS[room] === undefined && !TOPS.includes(room))).toEqual([]);
  expect(Object.keys(ARROWS).filter((room) => !rooms.has(room))).toEqual([]);
});

test('no files import each other in a circle, not even for types', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const imported = (name: string): readonly string[] =>
    [...readFileSync(join(SRC, name), 'utf8').matchAll(STATIC_IMPORT)].map(([, from]) =>
      relative(SRC, join(SRC, dirname(name), from!)).replace(/\.js$/, '.ts'),
    );
  const left = new Map(files.map((name) => [name, imported(name)]));
  // Files that import nothing that is left are taken away until there are none: what stays goes in circles.
  for (let count = -1; count !== left.size; ) {
    count = left.size;
    for (const [name, others] of left) if (!others.some((other) => left.has(other))) left.delete(name);
  }
  expect([...left.keys()]).toEqual([]);
});

/** What makes a layer names its class. */
const MAKES_LAYER = /\b(?:newLayer|addPart|addPlain|addTranslated|asLayer)\((?:[\w.]+, )*'\w+'/g;
const QUOTED_OR_KEY = /'(\w+)'|(?:^|[{,])\s*([A-Z]\w*):/gm;

/** Kinds of graphs, which the records know too. */
const MODELS: readonly string[] = ['Functional', 'Model', 'Sequential'];

/** Files that may name classes of layers, and why. */
const NAMES_CLASSES: readonly (readonly [file: RegExp, why: string])[] = [
  [/^se\//, 'makes the layers of a module, and finds them again'],
  [/translate\/(?:translate-layer|layer-builder)/, 'makes of one layer several, each of which has a name of its own'],
  [/translate\/(?:[a-z]+-rules|carry-operation|read-node)/, 'operations, many of which are called like layers'],
  [/^runtime\/wasm-sharing/, 'kernels that are called like layers'],
  [/^report\/summary/, 'programs that people run'],
];

test('facts of layer classes stand in src/layers: nothing else knows a class by its name', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.startsWith('layers/') && !NAMES_CLASSES.some(([file]) => file.test(name)),
  );
  const named = files.flatMap((name) => {
    const text = readFileSync(join(SRC, name), 'utf8').replaceAll(MAKES_LAYER, '');
    const words = [...text.matchAll(QUOTED_OR_KEY)].map(([, quoted, key]) => (quoted ?? key)!);
    return words.filter((word) => hasFacts(word) && !MODELS.includes(word)).map((word) => `${name}: ${word}`);
  });
  expect(named).toEqual([]);
});

test('only storage/node, images and the command line touch the file system', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const touching = files.filter((name) => /from 'node:(fs|path|os)/.test(readFileSync(join(SRC, name), 'utf8')));
  expect(touching.filter((name) => !/^(?:storage\/node|cli|images)\//.test(name))).toEqual([]);
});

test('what reads and changes HDF5 files runs in a browser: it uses nothing of Node', () => {
  const folder = join(SRC, 'storage/hdf5');
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(texts.filter((text) => /\bBuffer\b|\bprocess\b|from 'node:|\/node\//.test(text))).toEqual([]);
});

test('what is known of a container is asked of its entry: no file compares one with a name', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const comparing = files.filter((name) => /ontainer\)? [!=]== '/.test(readFileSync(join(SRC, name), 'utf8')));
  // A name in .json is TensorFlow.js' or Keras', as the input is.
  expect(comparing).toEqual(['formats/output/output-place.ts']);
});

test('files stay readable: none over 350 lines', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const long = files.filter((name) => readFileSync(join(SRC, name), 'utf8').split('\n').length > 350);
  expect(long).toEqual([]);
});
