import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFolders, run } from '../support/cli.js';
import { groupOf, splitWeights, WEIGHT_FILE, weightOf } from '../support/model-builder.js';
import { expectRefused, NET, type Row, refuses, resize, writeBroken } from './refused.js';

// docs/HOSTILE.md, rows 1, 3 and 8: the weight files that a manifest names.

const newFolder = makeFolders();

/** Of the weights of the built model. */
const BYTES = 1692;
const GROUP = 'weightsManifest[0]';

describe('paths that lead out of the folder (row 1)', () => {
  test.each([
    '../weights.bin',
    'sub/../../weights.bin',
    './../weights.bin',
    'sub/..',
    '..',
    'sub//weights.bin',
    'sub/',
    '/',
    '/etc/hostname',
    'C:\\weights.bin',
    'C:weights.bin',
    'c:/weights.bin',
    '\\\\server\\share\\weights.bin',
    '//server/share/weights.bin',
    'sub\\..\\..\\weights.bin',
    'weights.bin\0',
    'weights.bin\0.txt',
    'http://localhost/weights.bin',
    'https://localhost/weights.bin',
    'file:///etc/hostname',
    'data:application/octet-stream;base64,AAAA',
  ])('%j', async (path) => {
    const folder = newFolder();
    const model = writeBroken(folder, (built) => {
      groupOf(built).paths = [path];
      // Wherever the path can lead to a file, a reader that joins it unchecked finds the weights there.
      if (/[^/.\0]$/.test(path) && !path.includes('\0')) built.files.set(path, built.files.get(WEIGHT_FILE)!);
    });
    await expectRefused(folder, [model], { code: 'unsafe-path', field: `${GROUP}.paths[0]`, words: ['leads out of'] });
  });

  refuses(newFolder, [
    [
      'an absolute one, of the very weights',
      (model, folder) => groupOf(model).paths.splice(0, 1, join(folder, NET, WEIGHT_FILE)),
      { code: 'unsafe-path', field: `${GROUP}.paths[0]`, words: [WEIGHT_FILE] },
    ],
    [
      'the second of two',
      (model) => groupOf(model).paths.push('../other.bin'),
      { code: 'unsafe-path', field: `${GROUP}.paths[1]`, words: ['"../other.bin"'] },
    ],
    [
      'the folder itself',
      (model) => groupOf(model).paths.splice(0, 1, '.'),
      { code: 'unsafe-path', file: '.', words: ['outside'] },
    ],
    [
      'none',
      (model) => groupOf(model).paths.splice(0, 1, ''),
      { code: 'bad-manifest', field: `${GROUP}.paths[0]`, words: ['not the name of a file'] },
    ],
    [
      'a number',
      (model) => groupOf(model).paths.splice(0, 1, 7 as never),
      { code: 'bad-manifest', field: `${GROUP}.paths[0]`, words: ['not the name of a file'] },
    ],
  ]);

  test.each(['sub/weights.bin', './weights.bin', '..weights.bin', 'weights..bin', 'sub.d/.../w'])(
    '%j is in the folder',
    async (path) => {
      const folder = newFolder();
      const model = writeBroken(folder, (built) => splitWeights(built, [path]));
      expect((await run([model])).code).toBe(0);
    },
  );
});

describe('weight files that are not what the manifest says (rows 3 and 8)', () => {
  const SHARDS = ['1.bin', '2.bin', '3.bin'];

  refuses(newFolder, [
    [
      'the only one is missing',
      (model) => model.files.clear(),
      { code: 'weights-missing', field: `${GROUP}.paths[0]`, words: ['"weights.bin" is missing'] },
    ],
    [
      'the last of three is missing',
      (model) => {
        splitWeights(model, SHARDS);
        model.files.delete('3.bin');
      },
      { code: 'weights-missing', field: `${GROUP}.paths[2]`, words: ['"3.bin"'] },
    ],
    [
      'none is listed',
      (model) => groupOf(model).paths.pop(),
      { code: 'weights-size', field: GROUP, words: [`${BYTES} bytes`, /have 0/] },
    ],
    [
      'there are no groups at all',
      (model) => model.json.weightsManifest.pop(),
      { code: 'weights-mismatch', layer: 'stem', field: 'weights', words: ['"kernel" is missing'] },
    ],
    ...([-1, 1, -BYTES, 4096] as const).map(
      (by): Row => [
        `${by} bytes longer`,
        (model) => resize(model, by),
        { code: 'weights-size', field: GROUP, words: [`need ${BYTES} bytes`, `"weights.bin" has ${BYTES + by}`] },
      ],
    ),
    ...([-1, 1] as const).map(
      (by): Row => [
        `one of three ${by} byte longer`,
        (model) => {
          splitWeights(model, SHARDS);
          resize(model, by);
        },
        { code: 'weights-size', field: GROUP, words: [`need ${BYTES} bytes`, `its 3 files have ${BYTES + by}`] },
      ],
    ),
    [
      'a Git LFS pointer stands for the weights',
      (model) => model.files.set(WEIGHT_FILE, Buffer.from('version https://git-lfs.github.com/spec/v1\n')),
      {
        code: 'weights-size',
        field: GROUP,
        words: [`need ${BYTES} bytes`, 'has 43; "weights.bin": this is a Git LFS pointer'],
        hint: 'git lfs pull',
      },
    ],
    [
      'a web page stands for one of three',
      (model) => {
        splitWeights(model, SHARDS);
        model.files.set('2.bin', Buffer.from('<!DOCTYPE html>\n<title>404</title>\n'));
      },
      { code: 'weights-size', field: GROUP, words: ['"2.bin": this is a web page'], hint: 'download the model itself' },
    ],
    [
      'a shape asks for more than there is',
      (model) => weightOf(model, 'stem/bias').shape.splice(0, 1, 5),
      { code: 'weights-size', field: GROUP, words: [`need ${BYTES + 4} bytes`, `has ${BYTES}`] },
    ],
    [
      'a shape asks for petabytes',
      (model) => weightOf(model, 'stem/bias').shape.splice(0, 1, 2 ** 48),
      { code: 'weights-size', field: GROUP, words: [`has ${BYTES}`] },
    ],
    [
      'half a dtype is half the bytes',
      (model) => Object.assign(weightOf(model, 'stem/bias'), { dtype: 'float16' }),
      { code: 'weights-size', field: GROUP, words: [`need ${BYTES - 8} bytes`] },
    ],
    [
      'a quantised weight has a quarter of the bytes',
      (model) => Object.assign(weightOf(model, 'stem/bias'), { quantization: { dtype: 'uint8', scale: 1, min: 0 } }),
      { code: 'weights-size', field: GROUP, words: [`need ${BYTES - 12} bytes`] },
    ],
    [
      'more strings than bytes',
      (model) => Object.assign(weightOf(model, 'classes/bias'), { dtype: 'string', shape: [2 ** 40] }),
      { code: 'weights-size', field: GROUP, words: [`has ${BYTES}`] },
    ],
    [
      'a string of 4 GB',
      (model) => {
        Object.assign(weightOf(model, 'classes/bias'), { dtype: 'string', shape: [1] });
        model.files.get(WEIGHT_FILE)!.fill(0xff, BYTES - 12);
      },
      { code: 'weights-size', field: GROUP, words: [`has ${BYTES}`] },
    ],
  ]);
});
