import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { layerOrder } from '../../src/model/layer-order.js';
import { listGraphs } from '../../src/model/model.js';
import { expectedOf, MODEL_NAMES, readFixture, readTopology, TOPOLOGY_EXPECTATIONS } from '../support/fixtures.js';

// The oracle is real tf-keras: the order of `model.layers` after it loaded the same architecture.
const digest = (names: readonly string[]) => createHash('sha256').update(names.join('\n')).digest('hex');

// tf-keras refuses a layer called `__proto__`.
test.each(MODEL_NAMES.filter((name) => expectedOf(name).tfKerasLayers !== null))(
  '%s: layers come in the order of tf-keras',
  async (name) => {
    const { graph } = await readFixture(name);
    const { tfKerasLayers, nestedLayers } = expectedOf(name);
    for (const { graph: inner, path } of listGraphs(graph)) {
      const expected = path.length === 0 ? tfKerasLayers : nestedLayers[path.at(-1)!];
      expect(layerOrder(inner).map((layer) => layer.name)).toEqual(expected);
    }
  },
);

test.each(Object.keys(TOPOLOGY_EXPECTATIONS))('%s: layers come in the order of tf-keras', (name) => {
  const expected = TOPOLOGY_EXPECTATIONS[name]!;
  for (const { graph, path } of listGraphs(readTopology(name).graph)) {
    const names = layerOrder(graph).map((layer) => layer.name);
    const { count, sha256 } = path.length === 0 ? expected.layers : expected.nested[path.at(-1)!]!;
    expect(names).toHaveLength(count);
    expect(digest(names)).toBe(sha256);
  }
});
