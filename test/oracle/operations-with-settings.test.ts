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

  test('parts of several sizes, products, blocks of channels and functions that Keras 3 has too', async () => {
    const place = join(folder, 'more-operations');
    const code = [
      'a, b, c = tf.split(x, [1, 2, 1], axis=-1)',
      'x = tf.concat([tf.tile(b, [1, 1, 1, 2]), tf.math.sin(a), tf.cos(c), tf.math.log1p(tf.abs(a))], -1)',
      'm, v = tf.reduce_mean(x, [1, 2], keepdims=True), tf.math.reduce_variance(x, [1, 2], keepdims=True)',
      'x = (x - m) * tf.math.rsqrt(v + 1e-3) + tf.math.erf(x) + tf.math.expm1(x * 0.1)',
      'x = tf.nn.depth_to_space(tf.concat([x, tf.floor(x), tf.round(x * 3.0), tf.sign(x)[:, :, :, :3]], -1), 2)',
      'x = tf.matmul(tf.reshape(x, [-1, 12, 96]), tf.transpose(tf.reshape(x, [-1, 12, 96]), [0, 2, 1]))',
    ].join('; ');
    await keras.build(`${MAPS}; ${code}; ${MODEL}`, [`${place}.keras`]);
    const asked = await keras.outputs(`${place}.keras`);
    await writeModel(await readModel(`${place}.keras`), `${place}-3.keras`, { dialect: 'keras3' });
    const again = await oracle('keras3').outputs(`${place}-3.keras`, { inputs: asked.inputs });
    expectClose(numbersOf(again.outputs[0]!), numbersOf(asked.outputs[0]!), 1e-6);
    await writeModel(await readModel(`${place}-3.keras`), `${place}-2.h5`, { dialect: 'keras2' });
    const back = await keras.outputs(`${place}-2.h5`, { inputs: asked.inputs });
    expectClose(numbersOf(back.outputs[0]!), numbersOf(asked.outputs[0]!), 1e-6);
  });

  test.each([
    ['known', `${MAPS}; x = tf.nn.depth_to_space(L.Conv2D(12, 3)(x), 2); ${MODEL}`],
    // As ESPCN and EDSR have it.
    [
      'any',
      'i = L.Input((None, None, 3)); model = keras.Model(i, L.Conv2D(2, 3)(tf.nn.depth_to_space(L.Conv2D(18, 3)(i), 3)))',
    ],
  ])('blocks of channels that become places of a map of %s size in TensorFlow.js', async (size, code) => {
    const place = join(folder, `blocks-of-${size}`);
    await keras.build(code, [`${place}.h5`]);
    await writeModel(await readModel(`${place}.h5`), place);
    await expectCloseInTensorFlowJs(place, await keras.outputs(`${place}.h5`), 1e-6);
  });

  test('attention over places and channels (CBAM) in TensorFlow.js', async () => {
    const place = join(folder, 'attention');
    const code = [
      'c = L.Dense(4, "sigmoid")(tf.reduce_max(x, [1, 2]) + tf.reduce_sum(x, [1, 2]))',
      'x = x * L.Reshape((1, 1, 4))(c)',
      's = tf.concat([tf.reduce_mean(x, -1, keepdims=True), tf.reduce_max(x, axis=3, keepdims=True)], -1)',
      'x = x * L.Conv2D(1, 3, padding="same", activation="sigmoid")(s)',
      'x = L.Conv1D(3, 2)(tf.reduce_max(x, -1) + tf.reduce_sum(x, -1))',
    ].join('; ');
    await keras.build(`${MAPS}; ${code}; ${MODEL}`, [`${place}.h5`]);
    const asked = await keras.outputs(`${place}.h5`);
    const model = await readModel(`${place}.h5`);
    await writeModel(model, place);
    await expectCloseInTensorFlowJs(place, asked, 1e-6);
    await writeModel(model, `${place}-3.h5`, { dialect: 'keras3' });
    const again = await oracle('keras3').outputs(`${place}-3.h5`, { inputs: asked.inputs });
    expectClose(numbersOf(again.outputs[0]!), numbersOf(asked.outputs[0]!), 1e-6);
  });

  test('a tensor that one layer reads twice and others too, which TensorFlow.js would dispose of', async () => {
    const place = join(folder, 'read-twice');
    const code = 'y = x ** 3 + tf.square(x); x = L.Multiply()([y, y, x]) + L.Average()([x, y]) - y';
    await keras.build(`${MAPS}; ${code}; ${MODEL}`, [`${place}.h5`]);
    await writeModel(await readModel(`${place}.h5`), place);
    await expectCloseInTensorFlowJs(place, await keras.outputs(`${place}.h5`), 1e-6);
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
      'o = keras.ops; x = o.moveaxis(o.swapaxes(o.sign(x) + x, 1, 2), [1, -1], [2, 3])',
      'x = o.concatenate(o.split(x, [1, 1, 3], axis=-1), axis=-1); a, b = o.split(x, 2, axis=-1)',
      'x = o.concatenate([o.image.resize(a, (7, 9)), o.image.resize(b, (7, 9), interpolation="nearest")], axis=-1)',
      'x = o.max_pool(o.image.resize(o.pad(x, [[0, 0], [1, 0], [0, 2], [0, 0]]), (16, 22)), 2)',
      'x = o.average_pool(x, 3, strides=1, padding="same")',
      'y = o.concatenate([o.tile(o.round(x), [1, 1, 1, 2]), o.erf(x), o.log1p(o.abs(x)), o.matmul(x, x[:, :, :4])], -1)',
      'x = o.depth_to_space(y[..., :12], 2) * o.std(x, [1, 2, 3], True) + o.var(x, [1, 2, 3], True) * o.prod(x[:, :1, :1], -1, True)',
    ].join('; ');
    await keras.build(`${MAPS}; ${code}; ${MODEL}`, [`${place}.keras`]);
    const asked = await keras.outputs(`${place}.keras`);
    await writeModel(await readModel(`${place}.keras`), `${place}-2.h5`, { dialect: 'keras2' });
    const again = await oracle('keras2').outputs(`${place}-2.h5`, { inputs: asked.inputs });
    expectClose(numbersOf(again.outputs[0]!), numbersOf(asked.outputs[0]!), 1e-6);
  });
});
