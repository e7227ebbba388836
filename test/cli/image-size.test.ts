import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { exciteReportSchema, tuneReportSchema } from '../../src/index.js';
import { bytesIn, expectFailure, makeFolders } from '../support/cli.js';
import { runHere } from '../support/cli-here.js';
import { makeTunePlace, type TunePlace } from './tune-place.js';

const newFolder = makeFolders();
const SIDE = 16;

let place: TunePlace;
/** The model that takes pictures of one size, and the same that leaves the size open. */
let fixed: string;
let open: string;
beforeAll(async () => {
  place = await makeTunePlace();
  [fixed, open] = [place.model('resnet-dropout'), join(newFolder(), 'open')];
  cpSync(fixed, open, { recursive: true });
  const file = join(open, 'model.json');
  const text = readFileSync(file, 'utf8');
  const opened = text.replace(`[null, ${SIDE}, ${SIDE}, 3]`, '[null, null, null, 3]');
  expect(opened).not.toBe(text);
  writeFileSync(file, opened);
});

const tune = (model: string, output: string, ...words: readonly string[]) =>
  runHere(['tune', model, place.images, '-o', output, '--backend', 'cpu', '--epochs', '1', ...words]);

const reportOf = ({ stdout }: { readonly stdout: string }) => tuneReportSchema.parse(JSON.parse(stdout));

test('where the model leaves the size open, --image-size says it, and the result is that of a model of this size', async () => {
  const [one, other] = [join(newFolder(), 'one'), join(newFolder(), 'other')];
  const known = reportOf(await tune(fixed, one, '--json'));
  const chosen = reportOf(await tune(open, other, '--image-size', String(SIDE), '--json'));
  expect(known.options.imageSize).toBeNull();
  expect(chosen.options.imageSize).toBe(SIDE);
  for (const { images } of [known, chosen]) expect(images).toMatchObject({ height: SIDE, width: SIDE });
  expect(chosen.warnings).toEqual(known.warnings);
  expect(chosen.after).toEqual(known.after);
  const weights = (folder: string) => new Map([...bytesIn(folder)].filter(([name]) => name.endsWith('.bin')));
  expect(weights(other)).toEqual(weights(one));
});

test('a size that was guessed is told, and where each image went in', async () => {
  const { code, stderr, stdout } = await tune(open, join(newFolder(), 'out'), '--train', 'head');
  expect(code).toBe(0);
  expect(stdout).toContain('pixels went in at 224 x 224, divided by 255');
  expect(stderr).toContain('any size: they were scaled to 224 x 224');
  const look = ['--backend', 'cpu', '--per-class', '1', '--json'];
  const excite = async (...words: readonly string[]) => {
    const { stdout } = await runHere([
      'excite',
      open,
      place.images,
      '-o',
      join(newFolder(), 'look'),
      ...look,
      ...words,
    ]);
    return exciteReportSchema.parse(JSON.parse(stdout)).warnings.map((warning) => warning.code);
  };
  expect(await excite()).toContain('assumed-size');
  expect(await excite('--image-size', '48')).not.toContain('assumed-size');
  const baked = join(newFolder(), 'baked');
  const { stdout: report } = await runHere(['bake', open, place.images, '-o', baked, '--backend', 'cpu', '--json']);
  expect(report).toContain('assumed-size');
});

test('a size that the model does not take is refused', async () => {
  const output = join(newFolder(), 'out');
  expectFailure(await tune(fixed, output, '--image-size', '48'), 2, '--image-size 48', 'takes images of 16 x 16');
  expectFailure(await tune(open, output, '--image-size', '0'), 2, '--image-size "0"');
});
