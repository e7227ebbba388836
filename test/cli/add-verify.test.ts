import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addReportSchema, errorReportSchema, readModel, writeModel } from '../../src/index.js';
import { bytesIn, copyFixture, expectFailure, makeFolders, namesIn } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';
import { buildModel, layer, layerOf, layersOf, writeBuilt } from '../support/model-builder.js';
import { addReport } from './add-report.js';

const newFolder = makeFolders();

const IDENTICAL = { identical: true, maxAbsDiff: 0, firstDifference: null, examples: 4 };

/** A model with finite outputs whose features, doubled, add up to infinity. */
function writeHuge(folder: string): string {
  const model = buildModel();
  layerOf(model, 'pool').class_name = 'GlobalMaxPooling2D';
  const values = new Float32Array(model.files.get('weights.bin')!.slice().buffer);
  // Behind stem (108 + 4): a gives 1, b gives 36 times its kernel, below 3.4e38 and above when it is doubled.
  values.fill(0, 112, 256);
  values.fill(1, 256, 260);
  values.fill(5.5e36, 260, 404);
  values.fill(0, 404, 408);
  for (let index = 408; index < 420; index++) values[index]! *= 1e-38;
  model.files.set('weights.bin', new Uint8Array(values.buffer));
  return writeBuilt(join(folder, 'net'), model);
}

describe('--verify', () => {
  test('a model that computes the same stays, and the report says so', async () => {
    const model = copyFixture('resnet-v1', newFolder());
    const result = await run([model, '--verify']);
    expect(result.stdout).toMatch(/\nthe outputs are identical, bit for bit \(4 examples, [\w-]+\)\n/);
    expect(result.code).toBe(0);
    expect(existsSync(join(`${model}-se`, 'model.json'))).toBe(true);
    const { verified, output, options } = await addReport([model, '--verify', '--force']);
    expect(verified).toMatchObject({ ...IDENTICAL, weights: { checked: 134, doubled: 12, changed: [] } });
    expect([output === null, options.verify]).toEqual([false, true]);
  });

  test.each(['.keras', '.h5', '.weights.h5'])('of a Keras file: %s', async (ending) => {
    const folder = newFolder();
    await writeModel(await readModel(copyFixture('resnet-v1', folder)), join(folder, `net${ending}`));
    const input = join(folder, ending === '.weights.h5' ? 'net.json' : `net${ending}`);
    const { verified, output } = await addReport([input, '--verify']);
    expect(verified).toMatchObject({ ...IDENTICAL, weights: { changed: [] } });
    for (const file of output!.files) expect(existsSync(join(folder, file))).toBe(true);
  });

  test('in a dry run: the model that would be written', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    const before = namesIn(folder);
    const { verified, output } = await addReport([model, '--verify', '--dry-run']);
    expect([output, verified]).toMatchObject([null, IDENTICAL]);
    expect(namesIn(folder)).toEqual(before);
  });

  test('without it the report says nothing of it', async () => {
    const { verified } = await addReport([copyFixture('resnet-v1', newFolder()), '--dry-run']);
    expect(verified).toBe(null);
  });

  test('in Markdown', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    const report = join(folder, 'report.md');
    expect((await run([model, '--verify', '--markdown', report])).code).toBe(0);
    expect(readFileSync(report, 'utf8')).toMatch(/\n- the outputs are identical, bit for bit/);
  });
});

describe('what differs never appears: 3', () => {
  test.each([
    ['TensorFlow.js', ['-o', 'web'], 'web'],
    ['.keras', ['-o', 'net.keras'], 'net.keras'],
    ['.weights.h5', ['-o', 'net.weights.h5'], 'net.weights.h5'],
  ])('%s', async (_, words, output) => {
    const folder = newFolder();
    const model = writeHuge(folder);
    const without = namesIn(folder);
    expect((await run([model, ...words, '--verify'], { cwd: folder })).code).toBe(3);
    expect(namesIn(folder)).toEqual(without);
    // An older output, of other numbers, stays to the byte.
    expect((await run([model, ...words, '--seed', '7'], { cwd: folder })).code).toBe(0);
    expect(existsSync(join(folder, output))).toBe(true);
    const older = bytesIn(folder);
    const result = await run([model, ...words, '--verify', '--force', '--json'], { cwd: folder });
    expect(bytesIn(folder)).toEqual(older);
    expect(addReportSchema.parse(JSON.parse(result.stdout))).toMatchObject({
      output: null,
      exact: true,
      verified: { identical: false, maxAbsDiff: null, firstDifference: 'b', weights: { changed: [] } },
    });
    expect(result.stderr).toMatch(/^se-retrofit: [^\n]*"b": the outputs differ[^\n]*was not written[^\n]*\n$/);
    expect(result.code).toBe(3);
  });

  test('what is right takes the place of an older one', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    const of = (seed: string) => [model, '-o', join(folder, 'out'), '--seed', seed, '--force', '--quiet'];
    expect((await run([...of('1')])).code).toBe(0);
    const older = bytesIn(folder);
    expect((await run([...of('2'), '--verify'])).code).toBe(0);
    expect([...bytesIn(folder).keys()]).toEqual([...older.keys()]);
    expect(bytesIn(folder)).not.toEqual(older);
  });

  test('for people: the table, what differs, no line of an output', async () => {
    const folder = newFolder();
    const { code, stdout, stderr } = await run([writeHuge(folder), '--verify']);
    expect(stdout).toMatch(
      /^stage .*\nall 8 weights are there, 2 doubled as recorded; 2 more in the second model\nthe outputs differ .*\nthey part at "b"\n$/s,
    );
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^se-retrofit: .*the outputs differ/);
    expect(code).toBe(3);
    expect(namesIn(folder)).toEqual(['net/', 'net/model.json', 'net/weights.bin']);
  });
});

describe('what cannot be verified is not written', () => {
  test('TensorFlow.js cannot compute it: 4', async () => {
    const folder = newFolder();
    const model = buildModel();
    layersOf(model).splice(6, 0, layer('OurOwnLayer', 'mine', { strength: 3 }, ['rectified']));
    layersOf(model)[7]!.inbound_nodes = [[['mine', 0, 0, {}]]];
    const path = writeBuilt(join(folder, 'net'), model);
    const before = namesIn(folder);
    expectFailure(await run([path, '--verify']), 4, '"mine"');
    const { error } = errorReportSchema.parse(JSON.parse((await run([path, '--verify', '--json'])).stdout));
    expect(error.code).toBe('cannot-compute');
    expect(namesIn(folder)).toEqual(before);
  });

  test('--init paper changes what is computed: 2', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    const before = namesIn(folder);
    expectFailure(await run([model, '--verify', '--init', 'paper']), 2, '--init paper');
    expect(namesIn(folder)).toEqual(before);
  });
});
