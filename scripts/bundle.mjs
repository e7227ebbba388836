// Puts the modules of the command line together into few files: hundreds of small ones take Node longer to find, read and
// link than a small model takes to be written. What tsc wrote stays for those who import the library.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/** Beside the folders of src, so that modules find by URL what they find there: `../runtime/`. */
const CHUNKS = 'src/bundle/';
/** What hears signals: it stands before all else. */
const SIGNALS = /\/src\/(?:cli\/(?:signals|exit-codes)|storage\/node\/unfinished)\.ts$/;
/** What --help needs of the folders below. */
const START =
  /\/src\/(?:(?:errors|tool|limits|format-names|containers|shell-word|plan\/options|storage\/storage-errors|storage\/node\/file-system-errors)|cli\/flags|images\/preprocess-names|runtime\/backend-names)\.ts$/;
/** What every command on a model needs; without what SavedModels alone do. */
const CORE =
  /\/src\/(?:(?:formats(?!\/saved-model\/(?!file-names|tensorflow-files)|\/keras\/read-saved-model)|stages|se|transforms|json|layers|model|plan)\/|storage\/|report\/(?:json-report|printable|sentences|summary|table|verify-report)\.ts|cli\/(?:deny-code|place|report-file|terminal|write-model|error-line)\.ts)/;

const fromRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

rmSync(fromRoot(`dist/${CHUNKS}`), { recursive: true, force: true });
const bundle = await rolldown({
  input: { 'bin/se-retrofit.js': fromRoot('bin/se-retrofit.ts') },
  platform: 'node',
  // Packages stay packages, with their licences.
  external: /^[^./]/,
  checks: { ineffectiveDynamicImport: false },
});
await bundle.write({
  dir: fromRoot('dist'),
  format: 'esm',
  // Those of the modules stay in what tsc wrote.
  comments: false,
  entryFileNames: '[name]',
  chunkFileNames: `${CHUNKS}[name]-[hash].js`,
  codeSplitting: {
    groups: [
      { name: 'signals', test: SIGNALS, priority: 2 },
      { name: 'start', test: START, priority: 1 },
      { name: 'core', test: CORE },
    ],
  },
});
await bundle.close();
