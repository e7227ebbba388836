import { defineConfig } from 'vitest/config';

/** Finds or makes the Python environment in which real Keras judges what we write. */
const ORACLE = 'test/oracle/setup.ts';
/** Imports the Kerases, once for all files. */
const SERVERS = 'test/oracle/keras-servers.ts';
/** Builds the native backend, with the TensorFlow of that environment. */
const NATIVE = 'test/runtime/native-setup.ts';

/** Tests that put something in the place of a module, which other files would meet too. */
const MOCKED = 'test/**/*.mocked.test.ts';

/** Tests that need no more than those of `unit`, and take longer: whole fixtures, damage, drawings. */
const THOROUGH = [
  ...['formats/compare-weights', 'formats/written-bytes', 'formats/dialects/translate-fixtures'],
  ...['formats/weight-layouts/sharded', 'storage/hdf5/hdf5-reader', 'storage/node/zip/zip-properties'],
  ...['transforms/bake', 'transforms/replace-head', 'transforms/strip'],
  ...['report/block-figure', 'report/figures', 'report/network-map'],
].map((name) => `test/${name}.test.ts`);

/**
 * The tests of some folders of test/ ('.': right in it), and what has to be there before them.
 * @param isolate whether each file imports the modules of src and TensorFlow.js anew, instead of once for all of a worker
 */
const project = (name: string, folders: readonly string[], globalSetup: readonly string[] = [], isolate = false) => ({
  extends: true as const,
  test: {
    name,
    include: folders.map((folder) => (folder === '.' ? 'test/*.test.ts' : `test/${folder}/**/*.test.ts`)),
    exclude: [MOCKED, ...THOROUGH],
    globalSetup: [...globalSetup],
    isolate,
  },
});

export default defineConfig({
  test: {
    projects: [
      // Nothing built, no Python, no TensorFlow: `npm run test:unit`.
      project('unit', ['.', 'formats', 'json', 'layers', 'model', 'plan', 'report', 'storage', 'transforms']),
      { extends: true, test: { name: 'thorough', include: THOROUGH, isolate: false } },
      project('runtime', ['images', 'real', 'runtime', 'tensorflowjs', 'tune'], [ORACLE, NATIVE]),
      project('oracle', ['oracle'], [ORACLE, SERVERS]),
      project('commands', ['cli', 'docs', 'package', 'web'], [ORACLE, NATIVE]),
      project('faults', ['faults', 'fuzz', 'hostile'], [ORACLE], true),
      { extends: true, test: { name: 'mocked', include: [MOCKED] } },
    ],
    // Tests on a native backend name the one that was built for them; the others compute the same with and without one.
    env: { SE_RETROFIT_NATIVE: '/nowhere' },
    testTimeout: 120_000,
    hookTimeout: 600_000,
    pool: 'forks',
    // The projects transform the same modules, each for itself: once is enough.
    experimental: { fsModuleCache: true },
    // A machine has two cores at the least, and TensorFlow.js' wasm backend likes one to itself. Three workers take longer.
    maxWorkers: 2,
  },
});
