import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readModel, retrofit, writeModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { useBackend } from '../support/tensorflow.js';
import { describeOracle } from './oracle.js';
import { expectCloseInTensorFlowJs } from './tensorflowjs.js';

// Layers that are called several times, where a later call is ready before an earlier one: TensorFlow.js numbers calls as it
// makes them.

const folder = temporaryFolder();
beforeAll(() => useBackend('cpu'));

const LAYERS = `c = L.Conv2D(8, 3, padding="same"); b = L.BatchNormalization(); r = lambda x: L.ReLU()(x)
i = L.Input((8, 8, 8)); j = L.Input((8, 8, 8))
def end(x):
    m = L.BatchNormalization()(L.Conv2D(8, 3, padding="same")(x))
    return L.Dense(4)(L.GlobalAveragePooling2D()(L.ReLU()(L.Add()([x, m]))))
`;
const MODELS = {
  behind: 'y = r(b(c(r(b(c(i)))))); z = r(c(j)); model = keras.Model([i, j], end(L.Add()([y, z])))',
  deep: 'x = r(i)\nfor _ in range(3): x = r(b(c(x)))\ny = b(c(j)); model = keras.Model([i, j], end(L.Add()([x, L.Multiply()([y, c(y)])])))',
  itself: 'y = c(c(c(i))); model = keras.Model([i, j], end(L.Add()([y, c(j)])))',
  crossed: 'p = r(j); y = c(b(p)); z = b(c(i)); model = keras.Model([i, j], end(L.Add()([c(z), b(y)])))',
  nested: `n = keras.Sequential([L.Input((8, 8, 8)), L.Conv2D(8, 3, padding="same"), L.ReLU()])
y = n(r(n(i))); z = n(j); model = keras.Model([i, j], [end(L.Add()([y, z])), z])`,
};

describe.each(['keras2', 'keras3'] as const)('%s', (kind) => {
  describeOracle(kind, 'calls that are ready early', (keras) => {
    test.each(Object.entries(MODELS))('%s', async (name, code) => {
      const place = join(folder, `${kind}-${name}`);
      await keras.build(LAYERS + code, [`${place}.keras`]);
      const asked = await keras.outputs(`${place}.keras`);
      const model = await readModel(`${place}.keras`);
      await writeModel(model, place);
      await expectCloseInTensorFlowJs(place, asked, 1e-5);
      await writeModel(retrofit(model), `${place}-se`);
      await expectCloseInTensorFlowJs(`${place}-se`, asked, 1e-5);
      await writeModel(retrofit(await readModel(place)), `${place}-web-se`);
      await expectCloseInTensorFlowJs(`${place}-web-se`, asked, 1e-5);
    });
  });
});

describeOracle('keras3', 'a model.json in which a later call is ready first', (keras) => {
  test('is refused: TensorFlow.js computes something else than it says', async () => {
    const place = join(folder, 'swapped');
    await keras.build(LAYERS + MODELS.behind, [`${place}.keras`]);
    await writeModel(await readModel(`${place}.keras`), place);
    const path = join(place, 'model.json');
    const json = JSON.parse(readFileSync(path, 'utf8'));
    const layers: { name: string; inbound_nodes: [string, number][][] }[] =
      json.modelTopology.model_config.config.layers;
    const shared = layers.find(({ inbound_nodes }) => inbound_nodes.length === 3)!;
    const other = [0, 2, 1];
    shared.inbound_nodes = other.map((call) => shared.inbound_nodes[call]!);
    for (const node of layers.flatMap(({ inbound_nodes }) => inbound_nodes.flat()))
      if (node[0] === shared.name) node[1] = other.indexOf(node[1]);
    writeFileSync(path, JSON.stringify(json));
    await expect(readModel(path)).rejects.toThrow('it takes one for another');
  });
});
