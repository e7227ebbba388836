import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspect, readModel, writeModel } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle, type Oracle } from './oracle.js';

// The `.h5` files of Keras 3 leave out the modules of their layers, and it reads some fields of such entries otherwise: what
// it saves there it does not load, or loads as another model.

const folder = temporaryFolder();

const IMAGE = 'x = i = L.Input((4, 4, 3))';
const ADAPTED = 'n = L.Normalization(); n.adapt(np.random.rand(5, 4, 4, 3) + 2)';
const REFUSED = [
  { name: 'layer_norm', code: `${IMAGE}; model = keras.Model(i, L.LayerNormalization(axis=[1, 2, 3])(x))` },
  {
    name: 'layer_norm_bare',
    code: `${IMAGE}; model = keras.Model(i, L.LayerNormalization(axis=[1, 2, 3], center=False, scale=False)(x))`,
  },
  { name: 'unit_norm', code: `model = keras.Sequential([L.Input((4, 4, 3)), L.UnitNormalization(axis=[1, 2])])` },
  {
    name: 'nested',
    code: `${IMAGE}; j = L.Input((4, 4, 3)); inner = keras.Model(j, L.Softmax(axis=[1, 2])(j)); model = keras.Model(i, inner(x))`,
  },
  { name: 'rms_norm', code: `${IMAGE}; model = keras.Model(i, L.RMSNormalization(axis=[2, 3])(x))` },
  {
    name: 'normalization',
    code: `${IMAGE}; n = L.Normalization(axis=(1, 2)); n.adapt(np.random.rand(5, 4, 4, 3)); model = keras.Model(i, n(x))`,
  },
  {
    name: 'normalization_of_all',
    code: `${IMAGE}; n = L.Normalization(axis=None); n.adapt(np.random.rand(5, 4, 4, 3)); model = keras.Model(i, n(x))`,
  },
  {
    name: 'normalization_inside',
    field: 'mean',
    code: `${ADAPTED}; j = L.Input((4, 4, 3)); inner = keras.Model(j, n(j)); ${IMAGE}; model = keras.Model(i, inner(x))`,
  },
  {
    name: 'normalization_deep',
    field: 'mean',
    code: `${ADAPTED}; inner = keras.Sequential([L.Input((4, 4, 3)), keras.Sequential([L.Input((4, 4, 3)), n])])
model = keras.Sequential([L.Input((2, 4, 4, 3)), L.TimeDistributed(inner)])`,
  },
  {
    name: 'normalization_of_steps',
    field: 'mean',
    code: `${ADAPTED}; model = keras.Sequential([L.Input((2, 4, 4, 3)), L.TimeDistributed(n)])`,
  },
  {
    name: 'attention',
    field: 'score_mode',
    code: 'i = L.Input((5, 3)); model = keras.Model(i, L.Attention()([i, i]))',
  },
];
const TAKEN = [
  {
    name: 'one_axis',
    code: `${IMAGE}; model = keras.Model(i, L.Softmax(axis=[-1])(L.LayerNormalization(axis=[3])(x)))`,
  },
  {
    name: 'said',
    code: `${IMAGE}; model = keras.Model(i, L.Normalization(axis=None, mean=2.0, variance=3.0)(x))`,
  },
  {
    name: 'inside',
    code: 'i = L.Input((2, 4, 4, 3)); model = keras.Model(i, L.TimeDistributed(L.LayerNormalization(axis=[1, 2]))(i))',
  },
  {
    name: 'by_names',
    code: `i = L.Input((5, 3)); x = L.MultiHeadAttention(2, 4)(query=i, value=i)
x = L.Attention(score_mode="concat")([x, i]); model = keras.Model(i, L.AdditiveAttention()([x, i]))`,
  },
];

/** As what Keras 3 loads the file that it saved: as the model that it saved, as another one, or not at all. */
const loadsAs = (keras: Oracle, place: string): Promise<'same' | 'another' | 'none'> =>
  keras.compare(`${place}.keras`, `${place}.h5`, { modes: ['eager'] }).then(
    ({ outputs }) => (outputs.every(({ eager }) => eager === 0) ? 'same' : 'another'),
    () => 'none',
  );

const verdictOf = async (path: string) =>
  inspect(await readModel(path)).loads.find(({ loader }) => loader === 'keras3')!;

describeOracle('keras3', 'entries without modules', (keras) => {
  test.each(REFUSED)('$name', async ({ name, code, field = 'axis' }) => {
    const place = join(folder, name);
    await keras.build(code, [`${place}.keras`, `${place}.h5`]);
    const loaded = await loadsAs(keras, place);
    expect(loaded).not.toBe('same');
    // One that does not load may be changed where it stands.
    if (loaded === 'another') {
      const again = async () => writeModel(await readModel(`${place}.h5`), `${place}-again.h5`);
      await expect(again()).rejects.toMatchObject({ code: 'cannot-convert', where: { field } });
    }
    expect(await verdictOf(`${place}.h5`)).toMatchObject({ ok: false, blockedBy: { field } });
    expect(await verdictOf(`${place}.keras`)).toMatchObject({ ok: true });
    const written = async () => writeModel(await readModel(`${place}.keras`), `${place}-moved.h5`);
    await expect(written()).rejects.toMatchObject({ code: 'cannot-convert', where: { field } });
    // What the file says is right: with the modules it is the model that was saved.
    const { path } = await writeModel(await readModel(`${place}.h5`), `${place}-whole.keras`);
    const { outputs } = await keras.compare(`${place}.keras`, path, { modes: ['eager'] });
    expect(outputs).toMatchObject([{ eager: 0, finite: true, varied: true }]);
  });

  test.each(TAKEN)('$name', async ({ name, code }) => {
    const place = join(folder, name);
    await keras.build(code, [`${place}.keras`, `${place}.h5`]);
    expect(await loadsAs(keras, place)).toBe('same');
    expect(await verdictOf(`${place}.h5`)).toMatchObject({ ok: true });
    const { path } = await writeModel(await readModel(`${place}.keras`), `${place}-moved.h5`);
    const { outputs } = await keras.compare(`${place}.keras`, path, { modes: ['eager'] });
    expect(outputs).toMatchObject([{ eager: 0, varied: true }]);
  });
});
