import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { BIN, expectFailure, makeFolders, namesIn, runProgram } from '../support/cli.js';
import { hdf5Fixture } from '../support/hdf5-files.js';
import { isAll } from '../support/is-all.js';
import { type BuiltMember, buildZip } from '../support/zip-builder.js';

// docs/HOSTILE.md, rows 10 and 14: files that claim to be far more than they are, or are far more than any model. What they
// may cost is a number: the peak of the whole process.

const newFolder = makeFolders();
const MEBIBYTES = 2 ** 20;
/** Node itself takes about 45 MiB; unpacked or believed, each of these files would take 200 at least. */
const MOST_MEBIBYTES = 180;
/** As many values as are read of a JSON file, and what they take. */
const MOST_MEBIBYTES_OF_VALUES = 500;
const ONES = `{"a":[${'1,'.repeat(15e6)}1]}`;
/** Is loaded first, and writes the peak down when the process ends, in KiB. */
const METER = `data:text/javascript,${encodeURIComponent(
  `import { writeFileSync } from 'node:fs';
   process.on('exit', () => writeFileSync(process.env.SE_RETROFIT_PEAK, String(process.resourceUsage().maxRSS)));`,
)}`;
/** A process counts the memory of the one that it was made from: a shell in between has little. */
const SMALL_PARENT = ['-c', '"$0" "$@"; exit $?', process.execPath];

const DEEP = `${'['.repeat(5e6)}${']'.repeat(5e6)}`;
const zeros = () => Buffer.alloc(200 * MEBIBYTES);
const config = (data: string | Uint8Array, method = 0): BuiltMember => ({ name: 'config.json', data, method });
const weights = (change: Partial<BuiltMember>): BuiltMember => ({ name: 'model.weights.h5', method: 8, ...change });
const MODEL = config('{"class_name":"Functional","config":{}}');
const WEIGHTS = weights({ data: readFileSync(hdf5Fixture('weights.h5')) });

const zip = (path: string, ...members: readonly BuiltMember[]) =>
  writeFileSync(path, buildZip([{ name: 'metadata.json', data: '{"keras_version":"3.0.0"}' }, ...members]));

/** A file with a beginning and then nothing but a hole. */
function grow(path: string, head: string, mebibytes: number): void {
  writeFileSync(path, head, 'latin1');
  truncateSync(path, mebibytes * MEBIBYTES);
}

type Bomb = [name: string, file: string, put: (path: string) => void, words: RegExp, most?: number];

const BOMBS: Bomb[] = [
  ['3 GB that may be JSON', 'model.json', (path) => grow(path, '{', 3000), /3145728000/],
  ['10 MB of brackets', 'model.json', (path) => writeFileSync(path, `{"modelTopology":${DEEP}}`), /500 levels/],
  ['30 MB of ones', 'model.json', (path) => writeFileSync(path, ONES), /2097152 values/, MOST_MEBIBYTES_OF_VALUES],
  [
    '30 MB of ones in an archive',
    'net.keras',
    (path) => zip(path, config(ONES), WEIGHTS),
    /2097152 values/,
    MOST_MEBIBYTES_OF_VALUES,
  ],
  ['10 MB of brackets in an archive', 'net.keras', (path) => zip(path, config(`{"a":${DEEP}}`), WEIGHTS), /500 levels/],
  [
    '260 MiB of JSON in an archive',
    'net.keras',
    (path) => zip(path, config(Buffer.alloc(260 * MEBIBYTES, 32)), WEIGHTS),
    /config\.json/,
  ],
  ['200 MiB of JSON, packed', 'net.keras', (path) => zip(path, config(zeros(), 8), WEIGHTS), /config\.json/],
  ['200 MiB of weights, packed', 'net.keras', (path) => zip(path, MODEL, weights({ data: zeros() })), /weights\.h5/],
  [
    '200 MiB of weights that claim to be 1 kB',
    'net.keras',
    (path) => zip(path, MODEL, weights({ data: new Uint8Array(1024), packed: deflateRawSync(zeros()) })),
    /weights\.h5/,
  ],
  ['a dataset of 1 GiB in 10 kB', 'net.h5', (path) => copyFileSync(hdf5Fixture('model_bomb.h5'), path), /1073741824/],
  ['HDF5 of 3 GB that holds nothing', 'net.h5', (path) => grow(path, '\x89HDF\r\n\x1a\n', 3000), /HDF5/],
];

describe.skipIf(process.platform === 'win32')('what a hostile file may cost', () => {
  const commands = isAll ? ['add', 'inspect', 'convert', 'strip', 'verify'] : ['add'];

  test.each<Bomb>(BOMBS)('%s', async (_, file, build, said, most = MOST_MEBIBYTES) => {
    const folder = newFolder();
    mkdirSync(join(folder, 'net'));
    const path = join(folder, 'net', file);
    build(path);
    const before = namesIn(folder);
    for (const command of commands) {
      const given = { convert: ['-o', 'x.keras'], verify: [path] }[command] ?? [];
      const peak = join(newFolder(), 'peak');
      const words = [...SMALL_PARENT, '--import', METER, BIN, command, path, ...given];
      const result = await runProgram('sh', words, { cwd: folder, env: { SE_RETROFIT_PEAK: peak } });
      expectFailure(result, 4, said);
      expect(Number(readFileSync(peak, 'utf8')) / 1024, `${command}, MiB`).toBeLessThan(most);
      expect(namesIn(folder)).toEqual(before);
    }
  });
});
