import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspect, planRetrofit, readModel, retrofit, writeModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { byTurns } from '../support/turns.js';
import { describeOracle, type Oracle } from './oracle.js';

// Layers that one Keras alone has, or has with variables of its own: carried in its containers, refused elsewhere.

const folder = temporaryFolder();
const END = 'model = keras.Model(i, L.Flatten()(L.Conv2D(8, 3, activation="relu")(x)))';
const IMAGE = 'i = L.Input((8, 8, 3)); x = L.Conv2D(8, 3)(i)';
const STEPS = 'i = L.Input((9, 8)); x = L.Conv1D(8, 3, padding="same", activation="relu")(i)';

const OF_KERAS2 = [
  { name: 'axes', code: `${IMAGE}; x = L.BatchNormalization(axis=[1, 2])(x); ${END}` },
  { name: 'all_axes', code: `${IMAGE}; x = L.BatchNormalization(axis=[-1, 1, 2], center=False)(x); ${END}` },
  { name: 'local', code: `${IMAGE}; x = L.LocallyConnected2D(4, 3)(x); ${END}` },
  { name: 'sparse', code: `${IMAGE}; x = L.LocallyConnected2D(4, 3, implementation=3, use_bias=False)(x); ${END}` },
];
const OF_KERAS3 = [
  { name: 'grouped', code: `${STEPS}; model = keras.Model(i, L.Conv1D(4, 3)(L.GroupQueryAttention(4, 4, 2)(x, x)))` },
  { name: 'gated', code: `${STEPS}; model = keras.Model(i, L.GroupQueryAttention(4, 4, 2, use_gate=True)(x, x))` },
  ...['True', 'False'].map((tied) => ({
    name: `reversed_${tied}`,
    code: `i = L.Input((9,), dtype="int32"); e = L.ReversibleEmbedding(10, 8, tie_weights=${tied})
x = L.Conv1D(8, 3, padding="same", activation="relu")(e(i)); model = keras.Model(i, e(x, reverse=True))`,
  })),
];

async function expectCarried(keras: Oracle, name: string, code: string): Promise<void> {
  const place = join(folder, name);
  await keras.build(code, [`${place}.keras`, `${place}.h5`]);
  for (const [from, to] of [
    ['.keras', '.h5'],
    ['.h5', '.keras'],
  ]) {
    const model = await readModel(place + from);
    const written = [
      await writeModel(retrofit(model, planRetrofit(model, { granularity: 'conv' })), `${place}-se${from}`),
      await writeModel(model, `${place}-moved${to}`),
    ];
    for (const { path } of written) {
      const { outputs } = await keras.compare(place + from, path, { modes: ['eager'] });
      expect(outputs).toMatchObject([{ eager: 0, finite: true, varied: true }]);
    }
    await expect((async () => writeModel(model, `${place}-${from}-tfjs`))()).rejects.toMatchObject({
      code: 'cannot-convert',
    });
  }
}

describeOracle('keras2', 'layers of its own', (keras) => {
  test.each(byTurns(OF_KERAS2, 2))('$name', async ({ name, code }) => {
    await expectCarried(keras, name, code);
    const written = async () =>
      writeModel(await readModel(join(folder, `${name}.keras`)), join(folder, `${name}-3.keras`), {
        dialect: 'keras3',
      });
    await expect(written()).rejects.toMatchObject({ code: 'cannot-convert' });
  });

  test('a Normalization in a model, whose weights have no scope', async () => {
    const place = join(folder, 'adapted');
    const code = `n = L.Normalization(); n.adapt(np.random.rand(5, 8, 8, 3) + 2); j = L.Input((8, 8, 3))
inner = keras.Model(j, L.ReLU()(L.BatchNormalization()(L.Conv2D(4, 3)(n(j)))))
i = L.Input((8, 8, 3)); x = inner(i); ${END}`;
    await keras.build(code, [`${place}.h5`]);
    const model = await readModel(`${place}.h5`);
    const { path } = await writeModel(retrofit(model, planRetrofit(model)), `${place}-se.h5`);
    const { outputs } = await keras.compare(`${place}.h5`, path, { modes: ['eager'] });
    expect(outputs).toMatchObject([{ eager: 0, varied: true }]);
  });

  test('what it does not load is said', async () => {
    const place = join(folder, 'unknown_sizes');
    const code = `n = L.Normalization(); n.adapt(np.random.rand(5, 8, 8, 3))
model = keras.Sequential([L.Input((8, 8, 3)), keras.Sequential([n, L.Conv2D(4, 3)])])`;
    await keras.build(code, [`${place}.keras`]);
    await expect(keras.compare(`${place}.keras`, `${place}.keras`)).rejects.toThrow('axis');
    const model = await readModel(`${place}.keras`);
    expect(inspect(model).loads[1]).toMatchObject({ ok: false, blockedBy: { layer: 'normalization' } });
    await expect((async () => writeModel(model, `${place}-tfjs`))()).rejects.toMatchObject({ code: 'cannot-convert' });
    const lambda = join(folder, 'lambda');
    await keras.build(`${IMAGE}; x = L.Lambda(lambda t: t * 2)(x); ${END}`, [`${lambda}.keras`, `${lambda}.h5`]);
    expect(inspect(await readModel(`${lambda}.keras`)).loads[1]).toMatchObject({
      ok: false,
      blockedBy: { field: 'function' },
    });
    expect(inspect(await readModel(`${lambda}.h5`)).loads.map(({ ok }) => ok)).toEqual([false, true, false]);
  });

  test('activity regularizers do not hold up a conversion to TensorFlow.js', async () => {
    const place = join(folder, 'regularized');
    await keras.build(`i = L.Input((8, 8, 3)); x = L.Conv2D(4, 3, activity_regularizer="l2", name="c")(i); ${END}`, [
      `${place}.keras`,
    ]);
    const { path } = await writeModel(await readModel(`${place}.keras`), `${place}-tfjs`);
    const again = await readModel(path);
    expect(inspect(again).loads.map(({ ok }) => ok)).toEqual([true, true, true]);
  });
});

describeOracle('keras3', 'layers of its own', (keras) => {
  test.each(byTurns(OF_KERAS3, 2, 1))('$name', async ({ name, code }) => expectCarried(keras, name, code));

  test('the name of a layer inside another stops a loader that does not take it', async () => {
    const place = join(folder, 'spaced');
    await keras.build(`${STEPS}; model = keras.Model(i, L.Bidirectional(L.LSTM(3, name="my lstm"))(x))`, [
      `${place}.keras`,
    ]);
    const written = async () =>
      writeModel(await readModel(`${place}.keras`), `${place}-2.keras`, { dialect: 'keras2' });
    await expect(written()).rejects.toMatchObject({ code: 'cannot-convert', where: { field: 'layer' } });
  });

  test('a RandomShear by one factor, which Keras 3 saves and does not load', async () => {
    for (const [name, factors, ok] of [
      ['shear', 'x_factor=0.2', false],
      ['shear-above', 'x_factor=(0.1, 0.2)', true],
    ] as const) {
      const place = join(folder, `${name}.keras`);
      await keras.build(`${IMAGE}; x = L.RandomShear(${factors})(x); ${END}`, [place]);
      expect(inspect(await readModel(place)).loads[2]).toMatchObject({ ok });
      const loaded = keras.compare(place, place);
      if (ok) expect((await loaded).outputs.map(({ eager }) => eager)).toEqual([0]);
      else await expect(loaded).rejects.toThrow('RandomShear');
    }
  });

  test('weights of bfloat16, which nothing reads back but its own archives', async () => {
    await keras.make('bfloat16_weights', folder, ['.keras', '.h5']);
    const place = join(folder, 'bfloat16_weights');
    await expect(keras.compare(`${place}.h5`, `${place}.h5`)).rejects.toThrow('No cast function available');
    const model = await readModel(`${place}.keras`);
    expect(inspect(model).loads[2]).toMatchObject({ ok: true });
    for (const [name, dialect] of [
      ['half.h5', 'keras3'],
      ['half.keras', 'keras2'],
    ] as const) {
      const written = (async () => writeModel(model, join(folder, name), { dialect }))();
      await expect(written).rejects.toMatchObject({ code: 'cannot-convert', where: { field: 'dtype' } });
    }
  });
});
