import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readModel, writeModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { useBackend } from '../support/tensorflow.js';
import { describeOracle, numbersOf, oracle } from './oracle.js';
import { expectClose } from './saved-models.js';
import { expectCloseInTensorFlowJs } from './tensorflowjs.js';

// Operations of one map whose settings stand in the call: borders, pooling, other sizes, parts.

const folder = temporaryFolder();
beforeAll(() => useBackend('cpu'));

const MAPS = 'i = L.Input((6, 8, 3)); x = L.Conv2D(4, 3, padding="same")(i)';
const MODEL = 'model = keras.Model(i, L.Dense(3)(L.Flatten()(x)))';

describeOracle('keras2', 'operations with settings, for other loaders', (keras) => {
  const IN_LAYERS = [
    'x = tf.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]])',
    'x = tf.nn.max_pool2d(x, 2, [1, 2], "VALID")',
    'x = tf.nn.avg_pool2d(x, [1, 3, 3, 1], 1, padding="SAME")',
    'x = tf.image.resize(x, (16, 12), method="nearest")',
    'x = L.Conv2D(2, 3)(tf.identity(x))',
  ].join('; ');
  const IN_KERAS_3 = [
    'a, b = tf.split(x, 2, axis=-1)',
    'x = tf.concat([tf.image.resize(b, (12, 16)), tf.image.resize(a, [12, 16], "bicubic")], -1)',
    'x = tf.math.l2_normalize(tf.image.resize(x, (5, 9)), axis=-1)',
  ].join('; ');

  test('layers that do the same, in Keras 3 and TensorFlow.js', async () => {
    const place = join(folder, 'layers');
    await keras.build(`${MAPS}; ${IN_LAYERS}; ${MODEL}`, [`${place}.keras`]);
    const asked = await keras.outputs(`${place}.keras`);
    const model = await readModel(`${place}.keras`);
    await writeModel(model, `${place}.h5`, { dialect: 'keras3' });
    const again = await oracle('keras3').outputs(`${place}.h5`, { inputs: asked.inputs });
    expectClose(numbersOf(again.outputs[0]!), numbersOf(asked.outputs[0]!), 1e-6);
    await writeModel(model, place);
    await expectCloseInTensorFlowJs(place, asked, 1e-6);
  });

  test('operations that Keras 3 has too', async () => {
    const place = join(folder, 'operations');
    await keras.build(`${MAPS}; ${IN_KERAS_3}; ${MODEL}`, [`${place}.keras`]);
    const asked = await keras.outputs(`${place}.keras`);
    const model = await readModel(`${place}.keras`);
    await writeModel(model, `${place}-3.keras`, { dialect: 'keras3' });
    const again = await oracle('keras3').outputs(`${place}-3.keras`, { inputs: asked.inputs });
    expectClose(numbersOf(again.outputs[0]!), numbersOf(asked.outputs[0]!), 1e-6);
    await expect(async () => writeModel(model, place)).rejects.toThrow(/operation split/);
  });

  test('slices behind dots, which a .keras of Keras 2 cannot say', async () => {
    const place = join(folder, 'dots');
    const code =
      'x = x[..., ::-1][:, 1:]; j = L.Input((5, 8, 4)); x = keras.Model(j, j[..., None, 1:, :])(x)[:, :, None]';
    await keras.build(`${MAPS}; ${code}; ${MODEL}`, [`${place}.h5`]);
    const asked = await keras.outputs(`${place}.h5`);
    await writeModel(await readModel(`${place}.h5`), `${place}.keras`, { dialect: 'keras2' });
    const again = await keras.outputs(`${place}.keras`, { inputs: asked.inputs });
    expect([...numbersOf(again.outputs[0]!)]).toEqual([...numbersOf(asked.outputs[0]!)]);
  });

  test.each([
    ['ones around the map', 'tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=1.0)'],
    ['mirrored borders', 'tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT")'],
    ['more channels', 'tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 2]])'],
    ['parts of several sizes', 'tf.split(x, [1, 3], axis=-1)[1]'],
    ['smaller without flicker', 'tf.image.resize(x, (3, 4), antialias=True)'],
  ])('%s are refused', async (name, code) => {
    const place = join(folder, name.replaceAll(' ', '-'));
    await keras.build(`${MAPS}; x = ${code}; ${MODEL}`, [`${place}.keras`]);
    const model = await readModel(`${place}.keras`);
    for (const to of ['tfjs', 'keras3'] as const)
      await expect(async () =>
        writeModel(model, to === 'tfjs' ? place : `${place}-3.keras`, to === 'tfjs' ? {} : { dialect: to }),
      ).rejects.toMatchObject({
        code: 'cannot-convert',
        hint: expect.stringContaining('keep the model in the format it is in'),
      });
  });
});

describeOracle('keras2', 'tensors that Keras 2 forgets', (keras) => {
  test('of tf.einsum are missed where they are missing', async () => {
    const file = join(folder, 'einsum.h5');
    await keras.build(`${MAPS}; x = tf.einsum("bhwc,bhwd->bhwd", x, x) + x; ${MODEL}`, [file]);
    await expect(keras.layers(file)).rejects.toThrow('Got 0 inputs for equation');
    await expect(readModel(file)).rejects.toMatchObject({ code: 'bad-graph', where: { layer: 'tf.einsum' } });
  });
});

describeOracle('keras3', 'operations with settings, for Keras 2', (keras) => {
  test('borders, parts and other sizes', async () => {
    const place = join(folder, 'keras3');
    const code = [
      'o = keras.ops; a, b = o.split(x, 2, axis=-1)',
      'x = o.concatenate([o.image.resize(a, (7, 9)), o.image.resize(b, (7, 9), interpolation="nearest")], axis=-1)',
      'x = o.max_pool(o.image.resize(o.pad(x, [[0, 0], [1, 0], [0, 2], [0, 0]]), (16, 22)), 2)',
      'x = o.average_pool(x, 3, strides=1, padding="same")',
    ].join('; ');
    await keras.build(`${MAPS}; ${code}; ${MODEL}`, [`${place}.keras`]);
    const asked = await keras.outputs(`${place}.keras`);
    await writeModel(await readModel(`${place}.keras`), `${place}-2.h5`, { dialect: 'keras2' });
    const again = await oracle('keras2').outputs(`${place}-2.h5`, { inputs: asked.inputs });
    expectClose(numbersOf(again.outputs[0]!), numbersOf(asked.outputs[0]!), 1e-6);
  });
});
