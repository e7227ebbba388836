import { expect } from 'vitest';
import { RetrofitError } from '../../src/errors.js';
import { raiseGraph } from '../../src/formats/dialects/raise-graph.js';
import { parseJson } from '../../src/json/parse-json.js';
import type { Graph } from '../../src/model/model.js';

// Small graphs, written as each Keras writes them.

export type Json = Record<string, unknown>;
export type Source = 'keras2' | 'keras3';

export interface Entry {
  readonly className: string;
  readonly config?: Json;
  /** Tensors by layer; `null` and anything else are arguments as they are. Without it: the layer before. */
  readonly args?: readonly unknown[];
  readonly kwargs?: Json;
  readonly module?: string;
}

const isTensor = (value: unknown): value is string => typeof value === 'string' && value.startsWith('@');

export const keras3Value = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(keras3Value);
  if (!isTensor(value)) return value;
  return {
    class_name: '__keras_tensor__',
    config: { shape: [null], dtype: 'float32', keras_history: [value.slice(1), 0, 0] },
  };
};

const keras2Value = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(keras2Value);
  return isTensor(value) ? [value.slice(1), 0, 0] : value;
};

/** One call as Keras 2 writes it: operations have a single entry, whose other operands are among the keywords. */
function keras2Call({ className, args = [], kwargs = {} }: Entry): unknown {
  const options = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, keras2Value(value)]));
  const entry = (value: unknown) =>
    isTensor(value) ? [value.slice(1), 0, 0, options] : ['_CONSTANT_VALUE', -1, value, options];
  const first = args[0];
  const isList = Array.isArray(first) && first.some(isTensor);
  if (/OpLambda$/.test(className)) return isList ? first.map(entry) : entry(first);
  return (Array.isArray(first) ? first : [first]).map(entry);
}

/** A functional model of these layers, the last one its output. */
export function graphOf(
  source: Source,
  shape: readonly (number | null)[],
  layers: Readonly<Record<string, Entry>>,
  dtype = 'float32',
): Graph {
  const names = ['in', ...Object.keys(layers)];
  const inputConfig = source === 'keras3' ? { batch_shape: [null, ...shape] } : { batch_input_shape: [null, ...shape] };
  const entries = Object.entries(layers).map(([name, { config, ...entry }], index) => {
    const whole = { args: [`@${names[index]}`], ...entry };
    const { className, module = 'keras.layers', args, kwargs = {} } = whole;
    const call =
      source === 'keras3'
        ? {
            args: keras3Value(args),
            kwargs: Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, keras3Value(value)])),
          }
        : keras2Call({ ...whole, className });
    return {
      ...(source === 'keras3' ? { module, registered_name: null } : {}),
      class_name: className,
      config: { name, ...config },
      name,
      inbound_nodes: [call],
    };
  });
  const input = {
    ...(source === 'keras3' ? { module: 'keras.layers', registered_name: null } : {}),
    class_name: 'InputLayer',
    config: { ...inputConfig, dtype, sparse: false, name: 'in' },
    name: 'in',
    inbound_nodes: [],
  };
  const json = {
    ...(source === 'keras3' ? { module: 'keras.src.models.functional' } : {}),
    class_name: 'Functional',
    config: {
      name: 'm',
      layers: [input, ...entries],
      input_layers: [['in', 0, 0]],
      output_layers: [[names.at(-1), 0, 0]],
    },
  };
  return raiseGraph(parseJson(JSON.stringify(json)).root, '');
}

/** Where a translation stops: `layer.field`. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof RetrofitError && error.code === 'cannot-convert') {
      expect(error.hint).toBeTruthy();
      return `${error.where.layer}.${error.where.field}`;
    }
    throw error;
  }
  return 'translated';
}
