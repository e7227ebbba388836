import { inputError } from '../errors.js';
import { isInput, isKnownLayer, outputCount } from '../layers/known-layers.js';
import type { Graph, Layer, TensorRef } from './model.js';

/** One call of a layer with its neighbours resolved. Nodes are numbered in an order in which inputs come first. */
export interface GraphNode {
  readonly id: number;
  readonly layer: Layer;
  readonly call: number;
  readonly inputs: readonly NodeInput[];
  /** Nodes that read one of this node's tensors, one entry a reading. */
  readonly readers: readonly NodeReader[];
  /** Which of this node's tensors are outputs of the graph. */
  readonly outputs: readonly number[];
}

export interface NodeInput {
  readonly node: number;
  readonly tensor: number;
}

export interface NodeReader {
  readonly node: number;
  readonly tensor: number;
}

export interface NodeGraph {
  readonly graph: Graph;
  readonly nodes: readonly GraphNode[];
  /** The node that makes a tensor. */
  readonly nodeOf: (ref: TensorRef) => GraphNode;
}

const resolved = new WeakMap<Graph, NodeGraph>();

/** The graph's nodes; resolved once, for graphs never change. See `resolve`. */
export function resolveGraph(graph: Graph): NodeGraph {
  let nodeGraph = resolved.get(graph);
  if (nodeGraph === undefined) {
    nodeGraph = resolve(graph);
    resolved.set(graph, nodeGraph);
  }
  return nodeGraph;
}

/**
 * Resolves a graph into nodes, in forward order: config order wherever that is already one.
 * @throws RetrofitError `bad-graph` for duplicate names, missing layers, nodes or tensors, inputs that are not inputs,
 * and cycles: real loaders loop for ever on some of them. Its field is a path inside the layer's entry, or the model's
 * config.
 */
function resolve(graph: Graph): NodeGraph {
  const layers = new Map<string, Layer>();
  for (const layer of graph.layers) {
    if (layers.has(layer.name)) throw badGraph(layer.name, 'two layers of one model have this name', 'name');
    layers.set(layer.name, layer);
  }
  const check = (ref: TensorRef, reader: string, field: string): Layer => {
    const layer = layers.get(ref.layer);
    if (layer === undefined)
      throw badGraph(reader, `it refers to the layer "${ref.layer}", which does not exist`, field);
    if (!(ref.call >= 0 && ref.call < layer.calls.length && ref.tensor >= 0)) {
      if (ref.call === layer.calls.length && layer.graph === undefined && !isKnownLayer(layer.className))
        throw ownModel(layer);
      throw badGraph(
        reader,
        `it refers to call ${ref.call} of the layer "${ref.layer}", which is called ${layer.calls.length} time(s)`,
        field,
      );
    }
    const count = layer.graph === undefined ? outputCount(layer.className) : layer.graph.outputs.length;
    if (count !== undefined && ref.tensor >= count) {
      throw badGraph(reader, `it refers to output ${ref.tensor} of "${ref.layer}", which has ${count}`, field);
    }
    return layer;
  };
  for (const { name, calls } of graph.layers) {
    for (const [call, { inputs }] of calls.entries()) {
      for (const ref of inputs) check(ref, name, `inbound_nodes[${call}]`);
    }
  }
  for (const ref of graph.inputs) {
    const { name, className } = check(ref, graph.name, 'input_layers');
    if (!isInput(className)) {
      throw badGraph(graph.name, `its input "${name}" is no input layer but a ${className}`, 'input_layers');
    }
  }
  for (const ref of graph.outputs) check(ref, graph.name, 'output_layers');

  const order = forwardOrder(graph, layers);
  const ids = new Map(graph.layers.map(({ name, calls }) => [name, Array<number>(calls.length)]));
  for (const [id, { layer, call }] of order.entries()) ids.get(layer.name)![call] = id;
  const idOf = (ref: TensorRef) => ids.get(ref.layer)![ref.call]!;
  const readers: NodeReader[][] = order.map(() => []);
  const outputs: number[][] = order.map(() => []);
  const nodes = order.map(({ layer, call }, id): GraphNode => {
    const inputs = layer.calls[call]!.inputs.map((ref) => ({ node: idOf(ref), tensor: ref.tensor }));
    for (const input of inputs) readers[input.node]!.push({ node: id, tensor: input.tensor });
    return { id, layer, call, inputs, readers: readers[id]!, outputs: outputs[id]! };
  });
  for (const ref of graph.outputs) outputs[idOf(ref)]!.push(ref.tensor);
  return { graph, nodes, nodeOf: (ref) => nodes[idOf(ref)]! };
}

interface Visit {
  readonly layer: Layer;
  readonly call: number;
  next: number;
}

/** Depth-first, inputs before readers, starting from the layers in config order; without recursion. */
function forwardOrder(graph: Graph, layers: ReadonlyMap<string, Layer>): readonly Visit[] {
  const order: Visit[] = [];
  const states = new Map(
    graph.layers.map(({ name, calls }) => [name, Array<'open' | 'done' | undefined>(calls.length)]),
  );
  for (const layer of graph.layers) {
    for (let call = 0; call < layer.calls.length; call++) visit(layer, call);
  }
  return order;

  function visit(layer: Layer, call: number): void {
    const stack: Visit[] = [];
    const enter = (next: Layer, nextCall: number): void => {
      const state = states.get(next.name)!;
      const known = state[nextCall];
      if (known === 'open')
        throw badGraph(next.name, 'it reads, through other layers, its own output: a cycle', 'inbound_nodes');
      if (known === 'done') return;
      state[nextCall] = 'open';
      stack.push({ layer: next, call: nextCall, next: 0 });
    };
    enter(layer, call);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const ref = top.layer.calls[top.call]!.inputs[top.next++];
      if (ref !== undefined) {
        enter(layers.get(ref.layer)!, ref.call);
        continue;
      }
      states.get(top.layer.name)![top.call] = 'done';
      order.push(top);
      stack.pop();
    }
  }
}

/** Keras 2 counts the calls of models from 1, those of layers from 0: whatever its config holds, this is a model. */
const ownModel = ({ name, className }: Layer) =>
  inputError('subclassed-model', `it is a model of the class "${className}": what its call does is not in the file`, {
    where: { layer: name, field: 'class_name' },
    hint: 'rebuild it with keras.Model(inputs, outputs), build the model around it anew, and save that',
  });

function badGraph(layer: string, message: string, field: string) {
  return inputError('bad-graph', message, {
    where: { layer, field },
    hint: 'the model would not load anywhere: save it again from the program that made it',
  });
}

/** Counts the readers of a layer's results: calls, and outputs of the graph. */
export const countReaders = ({ layers, outputs }: Graph, name: string): number =>
  [...layers.flatMap(({ calls }) => calls.flatMap(({ inputs }) => inputs)), ...outputs].filter(
    (ref) => ref.layer === name,
  ).length;
