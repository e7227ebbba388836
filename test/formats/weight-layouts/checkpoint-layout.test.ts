import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { convertModel } from '../../../src/formats/convert-model.js';
import { readModel } from '../../../src/index.js';
import { listGraphs } from '../../../src/model/model.js';
import type { Hdf5Editor } from '../../../src/storage/hdf5.js';
import { nodeStorage } from '../../../src/storage/node/node-storage.js';
import { makeFolders } from '../../support/cli.js';
import { editCopy } from '../../support/hdf5-files.js';

const newFolder = makeFolders();
const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../fixtures/checkpoint-layout/${name}`, import.meta.url));

/** The members of a fixture as files of their own, the architecture and the weights changed. */
async function takeApart(name: string, edit: (editor: Hdf5Editor) => Promise<void>, config = (json: string) => json) {
  const folder = newFolder();
  const zip = await nodeStorage.openZip(await nodeStorage.findFile(fixture(name)));
  for (const member of zip.members) writeFileSync(join(folder, member.name), await zip.read(member, 2 ** 20));
  const text = await zip.read(zip.members.find((member) => member.name === 'config.json')!, 2 ** 20);
  writeFileSync(join(folder, 'config.json'), config(Buffer.from(text).toString()));
  const weights = await editCopy(join(folder, 'model.weights.h5'), folder, 'changed.weights.h5', edit);
  return { json: join(folder, 'config.json'), weights };
}

const nothing = async () => {};
const FILES = ['keras-2.13.keras', 'keras-2.14.keras', 'windows-2.13.keras'];

/** The first bytes of every weight, by graph, layer and name. */
async function valuesIn(path: string): Promise<ReadonlyMap<string, string>> {
  const model = await readModel(path);
  const found = new Map<string, string>();
  await model.withValues(async (values) => {
    for (const { graph, path: around } of listGraphs(model.graph))
      for (const layer of graph.layers)
        for (const { name, tensor } of layer.weights)
          for await (const chunk of values.chunks(tensor)) {
            found.set([...around, layer.name, name].join('/'), Buffer.from(chunk).toString('base64'));
          }
  });
  return found;
}

test.each(FILES)('%s holds what the same model holds as .h5', async (name) => {
  const expected = await valuesIn(fixture('model.h5'));
  expect(expected.size).toBe(22);
  expect(await valuesIn(fixture(name))).toEqual(expected);
});

test('a layer that is written in today’s layout is said not to load where it came from', async () => {
  const model = await readModel(fixture('keras-2.13.keras'));
  const codes = (format: Partial<typeof model.format>) =>
    convertModel(model, { ...model.format, ...format }).warnings.map(({ code }) => code);
  expect(codes({})).toEqual(['layout-too-new']);
  expect(codes({ container: 'keras-json' })).toEqual(['layout-too-new']);
  expect(codes({ container: 'keras-h5', weightLayout: 'legacy-hdf5' })).not.toContain('layout-too-new');
  expect(codes({ dialect: 'keras3' })).not.toContain('layout-too-new');
  expect(convertModel(convertModel(model, model.format), model.format).warnings).toHaveLength(1);
});

test('numbers that Keras 2.12 wrote as those of NumPy are numbers', async () => {
  const numpy = (value: string) => `{"class_name": "__numpy__", "config": {"value": ${value}, "dtype": "float32"}}`;
  const asNumpy = (json: string) => json.replace(/("scale": )([\d.]+)/, (_, key, value) => key + numpy(value));
  const scaleIn = async (config: (json: string) => string) => {
    const { json } = await takeApart('keras-2.13.keras', nothing, config);
    const { graph } = await readModel(dirname(json));
    return [...listGraphs(graph)]
      .flatMap((each) => each.graph.layers)
      .find(({ className }) => className === 'Rescaling')?.settings.scale;
  };
  const scale = await scaleIn((json) => json);
  expect(scale).toBeTypeOf('number');
  expect(await scaleIn(asNumpy)).toBe(scale);
});

test.each(['keras-2.13.keras', 'windows-2.13.keras'])(
  '%s with weights that no layer claims is refused',
  async (name) => {
    const { json, weights } = await takeApart(name, (editor) =>
      editor.makeDataset(
        name.startsWith('windows')
          ? '/_layer_checkpoint_dependencies\\conv2d_9/vars/0'
          : '/_layer_checkpoint_dependencies/conv2d_9/vars/0',
        'float32',
        [1],
        [new Uint8Array(4)],
      ),
    );
    await expect(readModel(json, { weights })).rejects.toMatchObject({
      code: 'weights-mismatch',
      where: { field: '/_layer_checkpoint_dependencies/conv2d_9' },
    });
  },
);

test('weights of another shape are refused', async () => {
  const { json, weights } = await takeApart('keras-2.13.keras', nothing, (text) =>
    text.replace(/("name": "third".*?"filters": )4/, '$15'),
  );
  await expect(readModel(json, { weights })).rejects.toMatchObject({
    code: 'weights-mismatch',
    where: { layer: 'third' },
  });
});

test('a layer that is not in the file is refused', async () => {
  const { json, weights } = await takeApart('keras-2.14.keras', nothing, (text) =>
    text.replace('"center": false, "scale": false, "beta_init', '"center": true, "scale": false, "beta_init'),
  );
  await expect(readModel(json, { weights })).rejects.toMatchObject({ code: 'weights-mismatch' });
});

test('names in both ways, and names that lead elsewhere, are refused', async () => {
  const both = await takeApart('windows-2.13.keras', async (editor) =>
    editor.makeGroup('/_layer_checkpoint_dependencies/dense'),
  );
  await expect(readModel(both.json, { weights: both.weights })).rejects.toMatchObject({ code: 'bad-weights' });
  for (const name of ['..\\..\\vars', '\\dense', 'dense\\', '.']) {
    const { json, weights } = await takeApart('windows-2.13.keras', (editor) =>
      editor.makeDataset(`/_layer_checkpoint_dependencies\\${name}/vars/0`, 'float32', [1], [new Uint8Array(4)]),
    );
    // Nothing asks for a name that is no path.
    await expect(readModel(json, { weights })).resolves.toMatchObject({ format: { weightLayout: 'weights-hdf5' } });
  }
});
