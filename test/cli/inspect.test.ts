import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectReportSchema, readModel, writeModel } from '../../src/index.js';
import { bytesIn, copyFixture, expectFailure, makeFolders } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';
import { modelFolder } from '../support/fixtures.js';

const newFolder = makeFolders();

test('shows the model, its stages, what would be added, and where it loads', async () => {
  const { code, stdout, stderr } = await run(['inspect', modelFolder('resnet-v1')]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/tfjs, keras2, 75 layers, 3,331 parameters/);
  expect(stdout).toMatch(/^stage +size/m);
  expect(stdout).toMatch(/^would add 6 modules: \+288 parameters/m);
  expect(stdout).toMatch(/^TensorFlow\.js +loads it$/m);
  for (const loader of ['Keras 2', 'Keras 3'])
    expect(stdout).toMatch(new RegExp(`^${loader} +takes it, converted`, 'm'));
  expect(stdout).toMatch(
    /^verify +can compute with it\nexcite, bake +cannot: the model holds no SE module yet\ntune +cannot: the model holds no SE module yet: it can with --train head, norms or all$/m,
  );
});

test('of a loader that does not take a model as it is, whether it takes it converted', async () => {
  const file = join(newFolder(), 'net.keras');
  await writeModel(await readModel(modelFolder('resnet-v1')), file, { dialect: 'keras3' });
  const { stdout } = await run(['inspect', file]);
  expect(stdout).toMatch(/^TensorFlow\.js +takes it, converted \(se-retrofit convert -o NAME\)$/m);
  expect(stdout).toMatch(/^Keras 2 +takes it, converted \(se-retrofit convert -o NAME\.keras --dialect keras2\)$/m);
  expect(stdout).toMatch(/^Keras 3 +loads it$/m);
  const { loads } = inspectReportSchema.parse(JSON.parse((await run(['inspect', file, '--json'])).stdout));
  expect(loads.map(({ ok }) => ok)).toEqual([false, false, true]);
});

test('names the weights that lie beside an architecture, and so does what is written of them', async () => {
  const folder = newFolder();
  await writeModel(await readModel(modelFolder('resnet-v1')), join(folder, 'net.json'), { to: 'keras-json' });
  const { stdout } = await run(['inspect', join(folder, 'net.json')]);
  expect(stdout).toMatch(/^.*net\.json: keras-json, .* kB with net\.weights\.h5$/m);
  const added = await run([join(folder, 'net.json'), '-o', join(folder, 'se.keras')]);
  expect(added.stdout).toMatch(/^.*se\.keras {2}\(\S+ kB with net\.weights\.h5 -> /m);
});

test('does not warn of an optimizer that only writing would leave out', async () => {
  const sharded = modelFolder('optimizer-end');
  expect((await readModel(sharded)).warnings.map(({ code }) => code)).toContain('optimizer-dropped');
  const { stderr } = await run(['inspect', sharded]);
  expect(stderr).not.toContain('optimizer');
});

test('says which commands cannot compute with a model, and why', async () => {
  const { stdout } = await run(['inspect', modelFolder('multi-io')]);
  expect(stdout).toMatch(/^verify +can compute with it\nexcite, tune, bake cannot: the model has 2 inputs$/m);
});

test('--layers lists every layer, with its shape', async () => {
  const model = modelFolder('nested-deep');
  const { stdout } = await run(['inspect', model, '--layers']);
  const { layers } = inspectReportSchema.parse(
    JSON.parse((await run(['inspect', model, '--layers', '--json'])).stdout),
  );
  expect(layers!.length).toBeGreaterThan(10);
  for (const { name, className } of layers!)
    expect(stdout).toMatch(new RegExp(`^${name.replaceAll('/', '\\/')} +${className} +`, 'm'));
  expect(layers!.filter(({ name }) => name.split('/').length === 3).length).toBeGreaterThan(0);
  expect(layers!.filter(({ shape }) => shape === null)).toEqual([]);
  const { layers: none } = inspectReportSchema.parse(JSON.parse((await run(['inspect', model, '--json'])).stdout));
  expect(none).toBeUndefined();
});

test('says which layer and field stop a loader', async () => {
  const { stdout } = await run(['inspect', modelFolder('regularised-l2'), '--json']);
  const { loads } = inspectReportSchema.parse(JSON.parse(stdout));
  const tfjs = loads.find(({ loader }) => loader === 'tfjs');
  expect(tfjs?.ok).toBe(false);
  expect(tfjs?.blockedBy?.layer).not.toBe('');
  expect(tfjs?.blockedBy?.field).toMatch(/regularizer/);
});

test('lists modules that are there already, and does not refuse them', async () => {
  const { code, stdout } = await run(['inspect', modelFolder('se-already'), '--json']);
  const report = inspectReportSchema.parse(JSON.parse(stdout));
  expect(code).toBe(0);
  expect(report.modules).toHaveLength(6);
  expect(report.sites).toEqual([]);
  expect(report.skipped.every(({ reason }) => reason === 'has-module')).toBe(true);
});

test('finds the modules of a run of ours, by their names', async () => {
  const model = copyFixture('resnet-v1', newFolder());
  expect((await run([model])).code).toBe(0);
  const { stdout } = await run(['inspect', `${model}-se`, '--json']);
  const { modules, sites, loads } = inspectReportSchema.parse(JSON.parse(stdout));
  expect(modules.map(({ stage, block }) => [stage, block])).toEqual(
    [2, 3, 4].flatMap((stage) => [
      [stage, 1],
      [stage, 2],
    ]),
  );
  for (const { name } of modules) expect(name).toMatch(/^se_\d_\d/);
  expect(sites).toEqual([]);
  expect(loads.map(({ ok }) => ok)).toEqual([true, true, true]);
});

test('writes nothing', async () => {
  const folder = newFolder();
  const model = copyFixture('resnet-v1', folder);
  const before = bytesIn(folder);
  expect((await run(['inspect', model])).code).toBe(0);
  expect(bytesIn(folder)).toEqual(before);
});

test('refuses what cannot be read', async () => {
  expectFailure(await run(['inspect', 'nowhere.json'], { cwd: newFolder() }), 4, 'nowhere.json');
});
