import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type LayerJson, layer } from '../support/model-builder.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { writeForKeras2 } from '../support/written-for-keras2.js';

// What TensorFlow.js writes and how it reads it, on the way to Keras.

const folder = temporaryFolder();
let count = 0;

/** The layers' configs as they are written for Keras 2. */
async function written(layers: readonly LayerJson[]) {
  const { config } = await writeForKeras2(join(folder, `${count++}`), layers);
  return config.layers.map((each) => each.config);
}

test('null is the size of a Reshape that is left open', async () => {
  const configs = await written([layer('Reshape', 'shaped', { target_shape: [16, null] }, ['given'])]);
  expect(configs[1]!.target_shape).toEqual([16, -1]);
});

test('fields that nobody knows are ones that it does not look at', async () => {
  const configs = await written([layer('Flatten', 'flat', { data_format: 'channels_last', cells: [1] }, ['given'])]);
  expect(configs[1]).toEqual({ name: 'flat', data_format: 'channels_last' });
});

test('it takes pixels from other places to make a map larger: Keras has no layer for that', async () => {
  const larger = (interpolation: string) =>
    written([layer('UpSampling2D', 'larger', { size: [2, 2], interpolation }, ['given'])]);
  expect((await larger('nearest'))[1]!.interpolation).toBe('nearest');
  await expect(larger('bilinear')).rejects.toMatchObject({ code: 'cannot-convert', where: { layer: 'larger' } });
});
