import { expect, test } from 'vitest';
import { listLoaders } from '../../src/formats/verdict/loaders.js';
import { containerOf, DIALECT_EXPECTATIONS, DIALECT_NAMES, readDialect } from '../support/dialects.js';
import { expectedOf, MODEL_NAMES, readFixture, readTopology, TOPOLOGY_EXPECTATIONS } from '../support/fixtures.js';

// The oracle is what real TensorFlow.js, tf-keras and Keras 3 said when the fixtures were made.
test.each(MODEL_NAMES)('%s loads where it really loads', async (name) => {
  const { loads } = expectedOf(name);
  const verdicts = listLoaders((await readFixture(name)).graph);
  expect(Object.fromEntries(verdicts.map(({ loader, ok }) => [loader, ok]))).toEqual({
    tfjs: loads.tfjs.ok,
    keras2: loads.keras2.ok,
    keras3: loads.keras3Legacy.ok,
  });
  for (const { ok, blockedBy } of verdicts) expect(blockedBy === null).toBe(ok);
});

// A class of one's own that a legacy file calls "Dense" looks like Dense to everybody.
test.each(DIALECT_NAMES.filter((name) => !/^custom\..*h5/.test(name)))('%s loads where it really loads', (name) => {
  const { loads } = DIALECT_EXPECTATIONS[name]!;
  const container = containerOf(name);
  const verdicts = listLoaders(readDialect(name).model.graph, container);
  expect(Object.fromEntries(verdicts.map(({ loader, ok }) => [loader, ok]))).toMatchObject({
    keras2: loads.keras2.ok,
    keras3: loads[container === 'keras-h5' ? 'keras3Legacy' : 'keras3'].ok,
  });
});

test.each(Object.keys(TOPOLOGY_EXPECTATIONS))('%s loads where it really loads', (name) => {
  const { loads } = TOPOLOGY_EXPECTATIONS[name]!;
  const verdicts = Object.fromEntries(listLoaders(readTopology(name).graph).map(({ loader, ok }) => [loader, ok]));
  expect(verdicts.keras2).toBe(loads.keras2.ok);
  expect(verdicts.keras3).toBe(loads.keras3Legacy.ok);
});
