import { factsOfLayer } from './facts-of-layer.js';
import { type GraphNode, resolveGraph } from './graph-nodes.js';
import { type Graph, listGraphs, type RetrofitRecord, scaleName } from './model.js';
import { layerKey, pathKey, weightKey } from './weight-key.js';

/**
 * Computes the powers of two by which the outputs of a model's layers exceed those without its modules and the weights
 * doubled for them: 1 from a doubled convolution to the module that halves its output, -1 from a module to the doubled
 * kernels behind it, 0 elsewhere. Modules count as when they were made: a gate of 1/2. A layer that is called several
 * times may have several.
 * @param record of the model's modules and doublings; the names in it are those of the graph
 * @returns the exponents of a layer, by the names of the nested models around it and its own
 */
export function outputExponents(
  root: Graph,
  record: RetrofitRecord | undefined,
): (path: readonly string[]) => readonly number[] {
  const doubled = new Map(
    (record?.doubled ?? []).map(({ graph, layer, weight, exponent }) => [weightKey(graph, layer, weight), exponent]),
  );
  const gates = new Map(
    (record?.modules ?? []).map(({ graph, name, exactBy }) => [
      layerKey(graph, scaleName(name)),
      exactBy === null || exactBy === 'doubled-gate' ? 0 : -1,
    ]),
  );
  const found = new Map<string, Set<number>>();
  for (const { graph, path } of listGraphs(root)) {
    const exponents: number[] = [];
    for (const node of resolveGraph(graph).nodes) {
      const inputs = node.inputs.map((input) => exponents[input.node]!);
      const place = layerKey(path, node.layer.name);
      const gate = gates.get(place);
      // A module scales its first input; the second is the gate.
      const exponent = gate === undefined ? layerExponent(node, path, inputs, doubled) : (inputs[0] ?? 0) + gate;
      exponents.push(exponent);
      found.set(place, (found.get(place) ?? new Set()).add(exponent));
    }
  }
  return (path) => [...(found.get(pathKey(path)) ?? [0])];
}

function layerExponent(
  { layer }: GraphNode,
  path: readonly string[],
  inputs: readonly number[],
  doubled: ReadonlyMap<string, number>,
): number {
  // No compensation crosses the border of a nested model.
  if (layer.graph !== undefined) return 0;
  const { scaling, weights } = factsOfLayer(layer);
  const found = scaling?.(layer.settings);
  const [first = 0] = inputs;
  if (found?.kind === 'commutes') return inputs.every((exponent) => exponent === first) ? first : 0;
  if (found?.kind !== 'linear') return 0;
  const facts = weights?.(layer.settings, []) ?? [];
  const exponentOf = (base: string) =>
    doubled.get(weightKey(path, layer.name, facts.find((fact) => fact.base === base)?.name ?? base)) ?? 0;
  // Of what doubles the output the first is a factor; the second, a bias or beta, goes along with it.
  const factors = new Set([found.doublesOutput?.[0], found.doublesInput?.[0]]);
  const own = [...factors].reduce((sum, base) => sum + (base === undefined ? 0 : exponentOf(base)), 0);
  return found.by === 'norm' ? own : first + own;
}
