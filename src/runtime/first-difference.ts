import { resolveGraph } from '../model/graph-nodes.js';
import { type Graph, listGraphs, type RetrofitRecord, scaleName } from '../model/model.js';
import { outputExponents } from '../model/output-exponents.js';
import { inheritedRecord } from '../model/record.js';
import { layerKey, pathKey } from '../model/weight-key.js';
import type { LoadedModel } from './load-model.js';
import { watchLayers } from './watch-layers.js';

/**
 * Finds the first layer of the second model, in the order in which it computes, whose output differs from that in the
 * first; a module that was added is compared with the tensor that it scales. Powers of two that the records of the
 * models account for are no difference. Only digests of the numbers are kept.
 * @param compute runs a model on inputs for which the two differ
 * @returns the layer behind the nested models it lies in, with slashes between; undefined if all common layers agree
 */
export function findFirstDifference(
  before: LoadedModel,
  after: LoadedModel,
  compute: (model: LoadedModel) => void,
): string | undefined {
  const known = new Map<string, Set<string>>();
  watchDigests(before, before.model.record, compute, (path, digests) => {
    const key = pathKey(path);
    known.set(key, new Set([...(known.get(key) ?? []), ...digests]));
  });
  const record = inheritedRecord(after.model, before.model);
  const scaledBy = scaledLayers(after.model.graph, record);
  let first: string | undefined;
  watchDigests(after, record, compute, (path, digests) => {
    const key = pathKey(path);
    const expected =
      known.get(key) ?? new Set((scaledBy.get(key) ?? []).flatMap((features) => [...(known.get(features) ?? [])]));
    if (first === undefined && expected.size > 0 && !digests.some((digest) => expected.has(digest)))
      first = path.join('/');
  });
  return first;
}

/** Sees what each call of a layer gives, as digests: one for each power of two that its outputs may carry. */
function watchDigests(
  loaded: LoadedModel,
  record: RetrofitRecord | undefined,
  compute: (model: LoadedModel) => void,
  onCall: (path: readonly string[], digests: readonly string[]) => void,
): void {
  const exponentsOf = outputExponents(loaded.model.graph, record);
  const end = watchLayers(loaded.runs, ({ path, outputs }) => {
    const values = outputs.map((output) => output.dataSync());
    onCall(
      path,
      exponentsOf(path).map((exponent) => digestOf(values, exponent)),
    );
  });
  try {
    compute(loaded);
  } finally {
    end();
  }
}

/** The layers whose outputs each module scales, by the module's scale layer; all with the nested models around them. */
function scaledLayers(root: Graph, record: RetrofitRecord | undefined): ReadonlyMap<string, readonly string[]> {
  const scales = new Set((record?.modules ?? []).map(({ graph, name }) => layerKey(graph, scaleName(name))));
  const found = new Map<string, string[]>();
  for (const { graph, path } of listGraphs(root)) {
    const { nodes } = resolveGraph(graph);
    for (const { layer, inputs } of nodes) {
      const key = layerKey(path, layer.name);
      const features = scales.has(key) ? nodes[inputs[0]?.node ?? -1] : undefined;
      if (features === undefined) continue;
      found.set(key, [...(found.get(key) ?? []), layerKey(path, features.layer.name)]);
    }
  }
  return found;
}

/** 64 bits of the numbers times 2^-exponent (FNV-1a over their words, twice from different starts), and how many there are. */
function digestOf(tensors: readonly ArrayLike<number>[], exponent: number): string {
  const factor = 2 ** -exponent;
  let [high, low] = [0x811c9dc5, 0x9e3779b9];
  for (const numbers of tensors) {
    const values = Float32Array.from(numbers, (value) => value * factor);
    for (const word of new Uint32Array(values.buffer)) {
      high = Math.imul(high ^ word, 0x01000193);
      low = Math.imul(low ^ (word >>> 16) ^ (word << 16), 0x85ebca6b);
    }
  }
  return `${tensors.map(({ length }) => length).join(',')}:${high >>> 0}:${low >>> 0}`;
}
