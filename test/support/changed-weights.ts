import type { Graph, Model } from '../../src/index.js';
import type { Tensor, TensorValues } from '../../src/model/tensor.js';

/** The model with other values of one weight, in the first layer of this name in the tree of models. */
export function changeWeight(
  model: Model,
  layer: string,
  weight: string,
  change: (values: Float32Array) => Float32Array,
): Model {
  const changed: Model = { ...model, graph: changeIn(model.graph) };
  return { ...changed, withValues: (use) => model.withValues((values) => use(changing(values))) };

  function changeIn(graph: Graph): Graph {
    const layers = graph.layers.map((each) => {
      if (each.graph !== undefined) return { ...each, graph: changeIn(each.graph) };
      if (each.name !== layer) return each;
      if (!each.weights.some(({ name }) => name === weight)) throw new Error(`${layer} has no weight ${weight}`);
      const weights = each.weights.map((own) => (own.name === weight ? { ...own, tensor: mark(own.tensor) } : own));
      return { ...each, weights };
    });
    return { ...graph, layers };
  }

  /** A tensor that whoever reads it through `changing` gets other values of. */
  function mark(tensor: Tensor): Tensor {
    return { ...tensor, changes: change } as Tensor;
  }

  function changing(values: TensorValues): TensorValues {
    return {
      async *chunks(tensor) {
        const { changes } = tensor as { changes?: typeof change };
        if (changes === undefined) return yield* values.chunks(tensor);
        const pieces: number[] = [];
        for await (const bytes of values.chunks(tensor)) pieces.push(...new Float32Array(bytes.slice().buffer));
        yield new Uint8Array(changes(Float32Array.from(pieces)).buffer);
      },
    };
  }
}
