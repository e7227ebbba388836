import { type Graph, listGraphs, type Model } from '../../src/model/model.js';
import type { Tensor } from '../../src/model/tensor.js';

/** All weights of a model by the names of their layers: dtype, shape and values. */
export async function allValues(model: Model): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  await model.withValues(async ({ chunks }) => {
    for (const [name, tensor] of tensorsOf(model.graph)) {
      const parts: Uint8Array[] = [];
      for await (const bytes of chunks(tensor)) parts.push(Uint8Array.from(bytes));
      values.set(name, `${tensor.dtype} [${tensor.shape}] ${Buffer.concat(parts).toString('base64')}`);
    }
  });
  return values;
}

function* tensorsOf(root: Graph): Generator<readonly [string, Tensor]> {
  for (const { graph, path } of listGraphs(root))
    for (const { name, weights } of graph.layers)
      for (const weight of weights) yield [[...path, name, weight.name].join('/'), weight.tensor];
}
