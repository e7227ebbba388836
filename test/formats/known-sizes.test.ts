import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readModel, writeModel } from '../../src/index.js';
import { type LayerJson, layer } from '../support/model-builder.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { writeForKeras2 } from '../support/written-for-keras2.js';

// Sizes that TensorFlow.js does not work out are written out for it.

const folder = temporaryFolder();
let count = 0;

/** The entries of the layers of a Keras 2 model as they are written for TensorFlow.js. */
async function written(layers: readonly LayerJson[]) {
  const path = join(folder, `${count++}`);
  const architecture = await writeForKeras2(path, layers);
  // TensorFlow.js meant something else by some of it.
  for (const [index, { config }] of layers.entries())
    Object.assign(architecture.config.layers[index + 1]!.config, config);
  writeFileSync(`${path}.json`, JSON.stringify(architecture));
  await writeModel(await readModel(`${path}.json`), path, { to: 'tfjs', force: true });
  return JSON.parse(readFileSync(join(path, 'model.json'), 'utf8')).modelTopology.model_config.config.layers;
}

test.each([
  [
    [-1, 6],
    [16, 6],
  ],
  [
    [2, -1, 3],
    [2, 16, 3],
  ],
  [[96], [96]],
])('a Reshape to %j is one to %j', async (target_shape, sizes) => {
  const layers = await written([layer('Reshape', 'shaped', { target_shape }, ['given'])]);
  expect(layers[1].config.target_shape).toEqual(sizes);
});

// The last axis it counts itself.
test.each([
  [-1, -1],
  [-2, 2],
  [-3, 1],
])('the axis %d of a Concatenate is written as %d', async (axis, counted) => {
  const layers = await written([layer('Concatenate', 'joined', { axis }, ['given', 'given'])]);
  expect(layers[1].config.axis).toBe(counted);
});

test('a Flatten of what is flat is a Reshape into itself', async () => {
  const flat = (name: string, from: string) => layer('Flatten', name, { data_format: 'channels_last' }, [from]);
  const layers = await written([flat('once', 'given'), flat('twice', 'once')]);
  expect(layers[1]).toMatchObject({ class_name: 'Flatten', config: { data_format: 'channels_last' } });
  expect(layers[2]).toMatchObject({ class_name: 'Reshape', config: { target_shape: [96] } });
  expect(layers[2].config.data_format).toBeUndefined();
});
