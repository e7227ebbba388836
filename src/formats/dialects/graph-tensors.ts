import { getMember, type JsonValue } from '../../json/json-value.js';
import { computeDtype } from '../../layers/dtype-policy.js';
import { resolveGraph } from '../../model/graph-nodes.js';
import { type Graph, type Layer, type TensorRef, tensorKey } from '../../model/model.js';
import { inferShapes, type NodeShapes } from '../../model/shapes.js';
import type { CallGrammar, WrittenTensor } from './call-grammar.js';
import { mapReferences, type WrittenReference } from './tensor-references.js';

/** References to the tensors of a graph: new ones, and old ones whose numbers or places changed. */
export interface GraphTensors {
  readonly write: (ref: TensorRef) => WrittenTensor;
  readonly writeEnd: (ref: TensorRef) => WrittenReference;
  readonly rewriteCall: Rewrite;
  readonly rewriteEnds: Rewrite;
}

/** A value that holds references, with every tensor replaced that is another one now. */
type Rewrite = (json: JsonValue, before: readonly TensorRef[], after: readonly TensorRef[]) => JsonValue;
type First = (layer: Layer) => number;

export function tensorsOf(graph: Graph, grammar: CallGrammar): GraphTensors {
  const layers = new Map(graph.layers.map((layer) => [layer.name, layer]));
  const readLayers = new Map((graph.read?.layers ?? graph.layers).map((layer) => [layer.name, layer]));
  const isLayer = (name: string) => readLayers.has(name);
  const shapeOf = shapesOf(graph);
  const written = (ref: TensorRef, first: First): WrittenReference => {
    const layer = layers.get(ref.layer)!;
    const name = getMember(layer.entry, 'name');
    const nameText = name?.kind === 'string' ? name.text : undefined;
    return { layer: ref.layer, node: ref.call + first(layer), tensor: ref.tensor, nameText };
  };
  const mapping = (before: readonly TensorRef[], after: readonly TensorRef[], first: First) => {
    const now = new Map(before.map((ref, index) => [tensorKey(ref), after[index]!]));
    return ({ layer, node, tensor }: WrittenReference): WrittenReference => {
      const read = { layer, call: node - first(readLayers.get(layer)!), tensor };
      return written(now.get(tensorKey(read)) ?? read, first);
    };
  };
  return {
    write: (ref) => ({
      ...written(ref, grammar.firstInCalls),
      ...shapeOf(ref),
      dtype: dtypeOf(layers.get(ref.layer)!),
    }),
    writeEnd: (ref) => written(ref, grammar.firstInEnds),
    rewriteCall: (json, before, after) => grammar.mapCall(json, isLayer, mapping(before, after, grammar.firstInCalls)),
    rewriteEnds: (json, before, after) => mapReferences(json, isLayer, mapping(before, after, grammar.firstInEnds)),
  };
}

/** Returns shapes, which are inferred when the first is asked for: most graphs keep all their calls. */
function shapesOf(graph: Graph): (ref: TensorRef) => Pick<WrittenTensor, 'shape'> {
  let shapes: NodeShapes | undefined;
  return (ref) => {
    shapes ??= inferShapes(graph);
    return { shape: shapes[resolveGraph(graph).nodeOf(ref).id]?.[ref.tensor] };
  };
}

const dtypeOf = (layer: Layer): string => (layer.graph === undefined ? computeDtype(layer.settings) : 'float32');
