import { expect, test } from 'vitest';
import { planRetrofit } from '../../src/index.js';
import { isAll } from '../support/is-all.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { byTurns } from '../support/turns.js';
import { describeOracle, listCatalogue } from './oracle.js';
import { CONTAINERS, expectExact, filesOf, readSaved, retrofitSaved, savedAs } from './saved-models.js';

// channels_first models run in Keras 3 on JAX: TensorFlow has no such convolutions on a CPU.

const folder = temporaryFolder();
const containers = isAll ? CONTAINERS : (['.keras', '.h5'] as const);

/** The catalogue's channels_first models, and the road of each site. */
const SITES: Readonly<Record<string, readonly string[]>> = {
  channels_first_residual: ['norm', 'norm', 'norm'],
  channels_first_inception: ['branches', 'branches'],
  channels_first_conv_units: ['conv', 'consumers', 'conv'],
  channels_first_distributed: ['norm', 'norm'],
};

describeOracle('keras3-jax', 'channels_first', (keras) => {
  const models = listCatalogue('keras3-jax').map(({ name }) => name);
  test('the catalogue is there', () => expect(models).toEqual(Object.keys(SITES)));
  const cases = models.flatMap((name, index) =>
    byTurns(containers, 4, index).map((container) => [name, container] as const),
  );
  test.each(cases)('%s%s', async (name, container) => {
    const place = `${folder}/${name}${container}`;
    await keras.make(name, place, filesOf(container));
    const before = savedAs(place, name, container);
    expect(planRetrofit(await readSaved(before)).sites.map(({ exactBy }) => exactBy)).toEqual(SITES[name]);
    for (const form of isAll ? (['dense', 'conv'] as const) : ([container === '.h5' ? 'conv' : 'dense'] as const)) {
      const after = await retrofitSaved(before, `${place}/${form}`, { form });
      await expectExact(keras, before, after, { modes: isAll ? ['eager', 'predict'] : ['eager'] });
    }
  });
});
