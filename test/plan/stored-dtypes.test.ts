import { expect, test } from 'vitest';
import { type Graph, listGraphs } from '../../src/model/model.js';
import { completeOptions } from '../../src/plan/options.js';
import { planRetrofit } from '../../src/plan/plan-retrofit.js';
import { readFixture } from '../support/fixtures.js';

/** The graph with all its weights stored in another dtype. */
const storedAs = (graph: Graph, dtype: string): Graph => ({
  ...graph,
  layers: graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => ({ ...weight, tensor: { ...weight.tensor, dtype } })),
  })),
});

const exactBy = async (dtype: string): Promise<readonly (string | null)[]> => {
  const model = await readFixture('resnet-cifar');
  expect([...listGraphs(model.graph)]).toHaveLength(1);
  const plan = planRetrofit({ ...model, graph: storedAs(model.graph, dtype) }, completeOptions({}));
  return plan.sites.map((site) => site.exactBy);
};

test.each(['bfloat16', 'float64'])('%s is doubled like float32', async (dtype) => {
  const asFloat32 = await exactBy('float32');
  expect(asFloat32).not.toContain('doubled-gate');
  expect(await exactBy(dtype)).toEqual(asFloat32);
});

test.each(['float16', 'int32', 'string'])('%s is never doubled: the gate is', async (dtype) => {
  expect(new Set(await exactBy(dtype))).toEqual(new Set(['doubled-gate']));
});
