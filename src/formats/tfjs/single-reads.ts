import {
  type Call,
  freeName,
  type Graph,
  type Layer,
  mapGraphs,
  newLayer,
  type TensorRef,
  tensorKey,
} from '../../model/model.js';

/**
 * The graph with no tensor that one call reads twice and another call too: TensorFlow.js counts the calls that read a tensor,
 * and disposes of it after so many reads, before the last call has seen it. The reads but the first go through a layer that
 * gives the tensor back, which nothing else reads. Source: `execute` in tfjs-layers/src/engine/executor.ts.
 */
export const withSingleReads = (root: Graph): Graph => mapGraphs(root, separateReads);

function separateReads(graph: Graph): Graph {
  const readers = countReaders(graph);
  const names = new Set(graph.layers.map(({ name }) => name));
  const layers = graph.layers.flatMap((layer): readonly Layer[] => {
    const copies: Layer[] = [];
    const calls = layer.calls.map((call): Call => {
      // By tensor, what was read for it last: itself, or its copy.
      const reads = new Map<string, TensorRef>();
      const inputs = call.inputs.map((ref) => {
        const key = tensorKey(ref);
        const last = reads.get(key);
        if (last !== undefined && tensorKey(last) !== key) return last;
        let read = ref;
        if (last !== undefined && readers.get(key)! > 1) {
          const copy = copyOf(ref, layer, names);
          copies.push(copy);
          read = { layer: copy.name, call: 0, tensor: 0 };
        }
        reads.set(key, read);
        return read;
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
  const name = freeName(`${reader.name}_copy`, (each) => names.has(each), 1);
  names.add(name);
  const dtype = reader.settings.dtype ?? 'float32';
  return {
    ...newLayer('Activation', name, { name, trainable: true, dtype, activation: 'linear' }),
    calls: [{ inputs: [ref] }],
  };
}
