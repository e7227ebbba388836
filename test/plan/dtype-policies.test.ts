import { expect, test } from 'vitest';
import type { Plain } from '../../src/json/json-value.js';
import type { Format, Model } from '../../src/model/model.js';
import { planRetrofit } from '../../src/plan/plan-retrofit.js';
import { retrofit } from '../../src/transforms/retrofit.js';
import { readFixture } from '../support/fixtures.js';

const KERAS2: Format = { container: 'keras-h5', dialect: 'keras2', weightLayout: 'legacy-hdf5' };

/** A residual network of Keras 2 in which all layers of a class have another dtype policy. */
async function withPolicy(className: string, dtype: Plain): Promise<Model> {
  const model = await readFixture('resnet-cifar');
  const layers = model.graph.layers.map((layer) =>
    layer.className === className ? { ...layer, settings: { ...layer.settings, dtype } } : layer,
  );
  return { ...model, format: KERAS2, graph: { ...model.graph, layers } };
}

/** The policies of the first module's layers in a row, one name for those that are alike. */
async function policiesBehind(dtype: Plain): Promise<readonly unknown[]> {
  const model = await withPolicy('BatchNormalization', dtype);
  const { graph } = retrofit(model, planRetrofit(model));
  const module = graph.layers.filter(({ name }) => name.startsWith('se_1_1_'));
  return [...new Set(module.map(({ settings }) => settings.dtype))];
}

test.each(['int32', 'uint8', 'bool', 'complex64', 'string'])(
  'a layer that computes in %s gets no module',
  async (dtype) => {
    const model = await withPolicy('BatchNormalization', dtype);
    expect(() => planRetrofit(model)).toThrow(
      expect.objectContaining({ reasons: expect.arrayContaining([expect.objectContaining({ code: 'no-floats' })]) }),
    );
  },
);

test('TensorFlow.js reads past the dtype: there all layers compute in float32', async () => {
  const { format } = await readFixture('resnet-cifar');
  const model = await withPolicy('BatchNormalization', 'int32');
  expect(planRetrofit({ ...model, format }).sites.length).toBeGreaterThan(0);
});

const quantized = (mode: string, source_name: string): Plain => ({
  class_name: 'QuantizedDTypePolicy',
  config: { mode, source_name },
});

test.each<[Plain, unknown[]]>([
  ['float64', ['float64']],
  ['mixed_float16', ['float32', 'mixed_float16']],
  ["somebody's own", ['float32', "somebody's own"]],
  ['int8_from_float32', ['float32']],
  [quantized('int4/128', 'float64'), ['float64']],
  [quantized('gptq/4/128', 'mixed_bfloat16'), ['float32', 'mixed_bfloat16']],
])('behind a layer of the policy %j a module has %j', async (dtype, expected) => {
  expect(await policiesBehind(dtype)).toEqual(expected);
});
