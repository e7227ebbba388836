import {
  type Call,
  type Graph,
  type Layer,
  mapGraphs,
  newLayer,
  type TensorRef,
  tensorKey,
} from '../../model/model.js';

/**
 * The graph with no tensor that one call reads twice and another call too: TensorFlow.js counts the calls that read a tensor,
 * and disposes of it after so many reads, before the last call has seen it. Each read but the first goes through a layer that
 * gives the tensor back. Source: `execute` in tfjs-layers/src/engine/executor.ts.
 */
export const withSingleReads = (root: Graph): Graph => mapGraphs(root, separateReads);

function separateReads(graph: Graph): Graph {
  const readers = countReaders(graph);
  const names = new Set(graph.layers.map(({ name }) => name));
  const layers = graph.layers.flatMap((layer): readonly Layer[] => {
    const copies: Layer[] = [];
    const calls = layer.calls.map((call): Call => {
      const seen = new Set<string>();
      const inputs = call.inputs.map((ref) => {
        const key = tensorKey(ref);
        if (!seen.has(key) || readers.get(key) === 1) {
          seen.add(key);
          return ref;
        }
        const copy = copyOf(ref, layer, names);
        copies.push(copy);
        return { layer: copy.name, call: 0, tensor: 0 };
      });
      return inputs.every((ref, index) => ref === call.inputs[index]) ? call : { ...call, inputs };
    });
    return copies.length === 0 ? [layer] : [...copies, { ...layer, calls }];
  });
  return layers.length === graph.layers.length ? graph : { ...graph, layers };
}

/** How many calls read each tensor. */
function countReaders({ layers }: Graph): ReadonlyMap<string, number> {
  const readers = new Map<string, number>();
  for (const { inputs } of layers.flatMap(({ calls }) => calls))
    for (const key of new Set(inputs.map(tensorKey))) readers.set(key, (readers.get(key) ?? 0) + 1);
  return readers;
}

function copyOf(ref: TensorRef, reader: Layer, names: Set<string>): Layer {
  let number = 1;
  while (names.has(`${reader.name}_copy_${number}`)) number += 1;
  const name = `${reader.name}_copy_${number}`;
  names.add(name);
  const dtype = reader.settings.dtype ?? 'float32';
  return {
    ...newLayer('Activation', name, { name, trainable: true, dtype, activation: 'linear' }),
    calls: [{ inputs: [ref] }],
  };
}
