import { inputError } from '../../errors.js';
import {
  getMember,
  isArray,
  isObject,
  type JsonValue,
  type Plain,
  type PlainObject,
  stringOf,
  toPlain,
} from '../../json/json-value.js';
import { inputShape } from '../../layers/other-layers.js';
import { MAX_NESTED_MODELS } from '../../limits.js';
import { type Call, type Graph, type Layer, newLayer, type TensorRef } from '../../model/model.js';
import { badTopology } from './bad-topology.js';
import { checkGraph } from './check-graph.js';
import { firstNode } from './node-numbers.js';
import { listEnds, listInputs } from './read-references.js';
import type { WrittenReference } from './tensor-references.js';

// The Keras 2 way to say a graph, which TensorFlow.js shares: `inbound_nodes` with one list of references a call.

const MODEL_CLASSES: readonly string[] = ['Functional', 'Model', 'Sequential'];

/**
 * The graph that `{class_name, config}` says.
 * @param field where the JSON stands in its file, for messages
 * @throws RetrofitError `bad-topology` for what is not a functional or sequential model, `bad-graph` and `bad-size` for
 * one that no loader takes
 */
export function raiseGraph(json: JsonValue | undefined, field: string): Graph {
  const graph = raiseModel(json, field, 0);
  checkGraph(graph, `${field}.config`);
  return graph;
}

function raiseModel(json: JsonValue | undefined, field: string, depth: number): Graph {
  const className = stringOf(getMember(json, 'class_name'));
  const config = getMember(json, 'config');
  if (className === undefined || config === undefined) {
    throw badTopology('no "class_name" and "config": this is not the architecture of a model', field);
  }
  if (depth > MAX_NESTED_MODELS) throw badTopology(`models nested more than ${MAX_NESTED_MODELS} deep`, field);
  if (!MODEL_CLASSES.includes(className)) {
    throw inputError(
      'subclassed-model',
      `the model is of the class "${className}", not a functional or sequential one`,
      {
        where: { field: `${field}.class_name` },
        hint: 'a subclassed model keeps its graph in Python code: rebuild it with keras.Model(inputs, outputs) and save that',
      },
    );
  }
  return className === 'Sequential'
    ? raiseSequential(config, className, `${field}.config`, depth)
    : raiseFunctional(config, className, `${field}.config`, depth);
}

function raiseFunctional(config: JsonValue, className: string, field: string, depth: number): Graph {
  const entries = getMember(config, 'layers');
  if (!isArray(entries)) throw badTopology('no list of layers', `${field}.layers`);
  const drafts = entries.items.map((item, index) => raiseEntry(item.value, `${field}.layers[${index}]`, depth));
  const byName = new Map(drafts.map((layer) => [layer.name, layer]));
  const isLayer = (name: string) => byName.has(name);
  const toRef = (written: WrittenReference): TensorRef => ({
    layer: written.layer,
    call: written.node - firstNode(byName.get(written.layer)!),
    tensor: written.tensor,
  });

  const layers = drafts.map((layer, index): Layer => {
    const place = `${field}.layers[${index}].inbound_nodes`;
    const nodes = getMember(layer.entry, 'inbound_nodes');
    if (nodes !== undefined && !isArray(nodes)) throw badTopology('"inbound_nodes" is not a list', place);
    if (nodes === undefined || nodes.items.length === 0) {
      return layer.className === 'InputLayer' ? { ...layer, calls: [{ inputs: [] }] } : layer;
    }
    const calls = nodes.items.map((item, call): Call => {
      const inputs = listInputs(item.value, isLayer, layer.name, `${place}[${call}]`).map(toRef);
      return { inputs, read: { json: item.value, inputs } };
    });
    return { ...layer, calls };
  });
  const ends = (key: string) => {
    const place = `${field}.${key}`;
    return listEnds(getMember(config, key), isLayer, place).map(toRef);
  };
  const outputs = ends('output_layers');
  return {
    name: stringOf(getMember(config, 'name')) ?? 'model',
    kind: 'functional',
    layers,
    inputs: ends('input_layers'),
    outputs,
    isFrozen: isFrozen(config),
    read: { className, config, layers, outputs },
  };
}

function raiseSequential(config: JsonValue, className: string, field: string, depth: number): Graph {
  const entries = isArray(config) ? config : getMember(config, 'layers');
  if (!isArray(entries)) throw badTopology('no list of layers', field);
  const written = entries.items.map((item, index) => raiseEntry(item.value, `${field}.layers[${index}]`, depth));
  const first = written[0];
  if (first === undefined) throw badTopology('a Sequential model without layers', field);
  const chain = first.className === 'InputLayer' ? written : [implicitInput(first, config), ...written];
  const layers = chain.map((layer, index): Layer => {
    const before = chain[index - 1];
    return { ...layer, calls: [{ inputs: before === undefined ? [] : [onlyTensor(before)] }] };
  });
  const outputs = [onlyTensor(layers.at(-1)!)];
  return {
    name: stringOf(getMember(config, 'name')) ?? 'sequential',
    kind: 'sequential',
    layers,
    inputs: [onlyTensor(layers[0]!)],
    outputs,
    isFrozen: isFrozen(config),
    read: { className, config, layers, outputs },
  };
}

const isFrozen = (config: JsonValue): boolean => {
  const trainable = getMember(config, 'trainable');
  return trainable?.kind === 'literal' && trainable.text === 'false';
};

const onlyTensor = (layer: Layer): TensorRef => ({ layer: layer.name, call: 0, tensor: 0 });

/** The input that a Sequential model's first layer stands for. */
function implicitInput(first: Layer, config: JsonValue): Layer {
  const built = getMember(config, 'build_input_shape');
  const shape =
    inputShape(first.settings) ?? nestedInputShape(first) ?? (built === undefined ? undefined : toPlain(built));
  const dtype = first.settings.dtype;
  return {
    ...newLayer('InputLayer', `${first.name}_input`, {
      ...(Array.isArray(shape) ? { batch_input_shape: shape as readonly Plain[] } : {}),
      dtype: typeof dtype === 'string' ? dtype : 'float32',
      sparse: false,
      name: `${first.name}_input`,
    }),
    implicit: true,
  };
}

function nestedInputShape(layer: Layer): Plain | undefined {
  const graph = layer.graph;
  const input = graph?.layers.find((inner) => inner.name === graph.inputs[0]?.layer);
  const shape = input === undefined ? undefined : inputShape(input.settings);
  return shape === undefined ? undefined : [...shape];
}

function raiseEntry(entry: JsonValue, field: string, depth: number): Layer {
  const className = stringOf(getMember(entry, 'class_name'));
  const config = getMember(entry, 'config');
  if (!isObject(entry) || className === undefined || config === undefined) {
    throw badTopology('a layer without "class_name" and "config"', field);
  }
  const isModel = MODEL_CLASSES.includes(className) && (isArray(config) || getMember(config, 'layers') !== undefined);
  const outer = stringOf(getMember(entry, 'name'));
  const inner = stringOf(getMember(config, 'name'));
  const name = outer ?? inner;
  if (name === undefined || name === '') throw badTopology('a layer without a name', field);
  if (outer !== undefined && inner !== undefined && outer !== inner) {
    throw badTopology(`the layer is called "${outer}" outside and "${inner}" in its config`, `${field}.name`);
  }
  if (!isObject(config) && !isModel) throw badTopology('"config" is not an object', `${field}.config`);
  return {
    name,
    className,
    config: isObject(config) ? config : { kind: 'object', members: [] },
    // A nested model's config is its graph; as data it would be read twice.
    settings: isModel ? Object.create(null) : (toPlain(config) as PlainObject),
    calls: [],
    weights: [],
    entry,
    ...(isModel ? { graph: raiseModel(entry, field, depth + 1) } : {}),
  };
}
