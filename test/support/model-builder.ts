import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

// Small valid TensorFlow.js models as plain objects, open to be broken in one place: nothing here is read-only, and
// what tests break (a dtype, a dimension) has a type that lets them.

export interface LayerJson {
  class_name: string;
  name: string;
  config: Record<string, unknown>;
  inbound_nodes: unknown[];
}

export interface GraphJson {
  name: string;
  layers: LayerJson[];
  input_layers: unknown[];
  output_layers: unknown[];
}

export interface WeightJson {
  name: string;
  shape: unknown[];
  dtype: string;
  quantization?: Record<string, unknown>;
}

export interface GroupJson {
  paths: string[];
  weights: WeightJson[];
}

export interface ModelJson {
  format: string;
  generatedBy: string;
  convertedBy: null;
  modelTopology: { class_name: string; config: GraphJson; keras_version: string; backend: string };
  weightsManifest: GroupJson[];
}

export interface BuiltModel {
  json: ModelJson;
  /** Weight files, by the name they have in the folder of the model. */
  files: Map<string, Uint8Array>;
}

export const WEIGHT_FILE = 'weights.bin';

/** A layer that is called once, with the first tensor of each layer named. */
export const layer = (
  className: string,
  name: string,
  config: Record<string, unknown>,
  inputs: readonly string[],
): LayerJson => ({
  class_name: className,
  name,
  config: { name, ...config },
  inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
});

export const input = (name: string, shape: readonly (number | null)[]): LayerJson =>
  layer('InputLayer', name, { batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false }, []);

export const graph = (name: string, layers: LayerJson[], inputs: string[], outputs: string[]): GraphJson => ({
  name,
  layers,
  input_layers: inputs.map((layerName) => [layerName, 0, 0]),
  output_layers: outputs.map((layerName) => [layerName, 0, 0]),
});

/**
 * A model used as a layer, from its first layer to its last. Keras counts the call that made it as its node 0: whoever
 * reads it reads node 1.
 */
export const nested = (name: string, layers: LayerJson[], inputs: readonly string[]): LayerJson => {
  const inner = graph(name, layers, [layers[0]!.name], []);
  inner.output_layers = [reference(layers.at(-1)!)];
  return layer('Functional', name, { ...inner }, inputs);
};

/** The first tensor of a layer's only call, as `output_layers` names it. */
export const reference = ({ name, config }: LayerJson): unknown[] => [name, config.layers === undefined ? 0 : 1, 0];

const convolution = (name: string, filters: number, activation: string, before: string): LayerJson =>
  layer(
    'Conv2D',
    name,
    {
      filters,
      kernel_size: [3, 3],
      strides: [1, 1],
      padding: 'same',
      data_format: 'channels_last',
      dilation_rate: [1, 1],
      activation,
      use_bias: true,
      trainable: true,
      dtype: 'float32',
    },
    [before],
  );

const CHANNELS = 4;
const CLASSES = 3;

/** A residual unit between a stem and a classifier: one build, one site, behind `b`. */
export function buildModel(): BuiltModel {
  const layers = [
    input('image', [8, 8, 3]),
    convolution('stem', CHANNELS, 'relu', 'image'),
    convolution('a', CHANNELS, 'relu', 'stem'),
    convolution('b', CHANNELS, 'linear', 'a'),
    layer('Add', 'sum', {}, ['stem', 'b']),
    layer('Activation', 'rectified', { activation: 'relu' }, ['sum']),
    layer('GlobalAveragePooling2D', 'pool', { data_format: 'channels_last' }, ['rectified']),
    layer('Dense', 'classes', { units: CLASSES, activation: 'softmax', use_bias: true }, ['pool']),
  ];
  const weights: WeightJson[] = [
    ...['stem', 'a', 'b'].flatMap((name) => [
      { name: `${name}/kernel`, shape: [3, 3, name === 'stem' ? 3 : CHANNELS, CHANNELS], dtype: 'float32' },
      { name: `${name}/bias`, shape: [CHANNELS], dtype: 'float32' },
    ]),
    { name: 'classes/kernel', shape: [CHANNELS, CLASSES], dtype: 'float32' },
    { name: 'classes/bias', shape: [CLASSES], dtype: 'float32' },
  ];
  return {
    json: {
      format: 'layers-model',
      generatedBy: 'keras v2.15.0',
      convertedBy: null,
      modelTopology: {
        class_name: 'Functional',
        config: graph('network', layers, ['image'], ['classes']),
        keras_version: '2.15.0',
        backend: 'tensorflow',
      },
      weightsManifest: [{ paths: [WEIGHT_FILE], weights }],
    },
    files: new Map([[WEIGHT_FILE, smoothBytes(weights)]]),
  };
}

/** The layers of the model, to be changed. */
export const layersOf = (model: BuiltModel): LayerJson[] => model.json.modelTopology.config.layers;

export function layerOf(model: BuiltModel, name: string): LayerJson {
  const found = layersOf(model).find((each) => each.name === name);
  if (found === undefined) throw new Error(`the model has no layer ${name}`);
  return found;
}

export const groupOf = (model: BuiltModel): GroupJson => model.json.weightsManifest[0]!;

export function weightOf(model: BuiltModel, name: string): WeightJson {
  const found = groupOf(model).weights.find((each) => each.name === name);
  if (found === undefined) throw new Error(`the model has no weight ${name}`);
  return found;
}

/** The layer's name changed everywhere: itself, who reads it, its weights. */
export function renameLayer(model: BuiltModel, before: string, after: string): void {
  const renamed = (name: string) => (name === before ? after : name);
  const { config } = model.json.modelTopology;
  for (const each of config.layers) {
    each.name = renamed(each.name);
    each.config.name = each.name;
    each.inbound_nodes = (each.inbound_nodes as [string, number, number, object][][]).map((call) =>
      call.map(([name, ...rest]) => [renamed(name), ...rest]),
    );
  }
  const ends = (references: unknown[]) =>
    (references as [string, number, number][]).map(([name, ...rest]) => [renamed(name), ...rest]);
  config.input_layers = ends(config.input_layers);
  config.output_layers = ends(config.output_layers);
  for (const weight of groupOf(model).weights) {
    if (weight.name.startsWith(`${before}/`)) weight.name = after + weight.name.slice(before.length);
  }
}

/** The weight file cut into as many files of about the same size. */
export function splitWeights(model: BuiltModel, paths: readonly string[]): void {
  const bytes = model.files.get(WEIGHT_FILE)!;
  const step = Math.ceil(bytes.byteLength / paths.length);
  model.files = new Map(paths.map((path, index) => [path, bytes.subarray(index * step, (index + 1) * step)]));
  groupOf(model).paths = [...paths];
}

/** Writes the model; with a text, that stands for its JSON. */
export function writeBuilt(folder: string, { json, files }: BuiltModel, text = JSON.stringify(json)): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  const path = join(folder, 'model.json');
  writeFileSync(path, text);
  return path;
}

/** Small different numbers, as float32. */
function smoothBytes(weights: readonly WeightJson[]): Uint8Array {
  const count = weights.reduce(
    (sum, { shape }) => sum + (shape as number[]).reduce((product, size) => product * size, 1),
    0,
  );
  const values = Float32Array.from({ length: count }, (_, index) => Math.fround(Math.sin(index * 1.7) / 4));
  return new Uint8Array(values.buffer);
}
