// What people do by hand and by script to a model.json until it loads, and what they leave half done. Each repair says the
// same model in other words; some TensorFlow.js takes, some it does not.

// biome-ignore lint/suspicious/noExplicitAny: what is damaged is JSON of any kind.
export type Json = any;

export interface Repair {
  readonly name: string;
  /** Changes the file in place; false where there is nothing of the kind in it. */
  readonly apply: (file: Json, random: (below: number) => number) => boolean;
}

const camel = (key: string) => key.replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase());

const topologyOf = (file: Json): Json => file.modelTopology.model_config ?? file.modelTopology;

/** Configs of the model and of the models in it. */
export function configsOf(model: Json): Json[] {
  const config = model.config;
  return [
    config,
    ...layersOf(config)
      .filter(({ config: inner }) => isModel(inner))
      .flatMap(configsOf),
  ];
}

export const isModel = (config: Json) => Array.isArray(config) || Array.isArray(config?.layers);
const layersOf = (config: Json): Json[] => (Array.isArray(config) ? config : (config.layers ?? []));
/** Layers of a model and of the models in it. */
export const layersWithin = (model: Json): Json[] => configsOf(model).flatMap(layersOf);
/** Those of them that are no models. */
export const plainLayersWithin = (model: Json): Json[] => layersWithin(model).filter(({ config }) => !isModel(config));

const allLayers = (file: Json): Json[] => layersWithin(topologyOf(file));
const plainLayers = (file: Json): Json[] => plainLayersWithin(topologyOf(file));
const weightsOf = (file: Json): Json[] => file.weightsManifest.flatMap((group: Json) => group.weights);

export function renameKey(object: Json, from: string, to: string): boolean {
  if (object === undefined || !(from in object) || from === to) return false;
  const entries = Object.entries(object).map(([key, value]) => [key === from ? to : key, value] as const);
  for (const key of Object.keys(object)) delete object[key];
  for (const [key, value] of entries) object[key] = value;
  return true;
}

/** Some of a list: at least one, where there is any. */
export function some<T>(items: readonly T[], random: (below: number) => number): T[] {
  const all = random(2) === 0;
  return items.filter((_, index) => all || random(3) === 0 || index === items.length - 1);
}

export const done = (results: readonly boolean[]): boolean => results.includes(true);

const renamed =
  (from: string, to: string): Repair['apply'] =>
  (file, random) =>
    done(some(plainLayers(file), random).map(({ config }) => renameKey(config, from, to)));

function camelAll(value: Json): boolean {
  if (Array.isArray(value)) return done(value.map(camelAll));
  if (typeof value !== 'object' || value === null) return false;
  return done(Object.keys(value).flatMap((key) => [camelAll(value[key]), renameKey(value, key, camel(key))]));
}

const nodesOf = (layer: Json): Json[] => layer.inbound_nodes ?? [];

export const POLICY = (name: string) => ({
  module: 'keras',
  class_name: 'DTypePolicy',
  config: { name },
  registered_name: null,
});

export const REPAIRS: readonly Repair[] = [
  { name: 'batchInputShape', apply: renamed('batch_input_shape', 'batchInputShape') },
  { name: 'batch_shape', apply: renamed('batch_input_shape', 'batch_shape') },
  { name: 'batchShape', apply: renamed('batch_input_shape', 'batchShape') },
  {
    name: 'camel case in layers',
    apply: (file, random) => done(some(plainLayers(file), random).map(({ config }) => camelAll(config))),
  },
  { name: 'camel case everywhere', apply: (file) => camelAll(topologyOf(file)) },
  {
    name: 'words in camel case',
    apply: (file) =>
      done(
        plainLayers(file).flatMap(({ config }) =>
          Object.keys(config)
            .filter((key) => /^data_format$|activation$/.test(key) && /_/.test(String(config[key])))
            .map((key) => {
              config[key] = camel(config[key]);
              return true;
            }),
        ),
      ),
  },
  {
    name: 'flat ends',
    apply: (file, random) =>
      done(
        configsOf(topologyOf(file)).flatMap((config) =>
          some(['input_layers', 'output_layers'], random).map((key) => {
            if (config[key]?.length !== 1 || !Array.isArray(config[key][0])) return false;
            config[key] = config[key][0];
            return true;
          }),
        ),
      ),
  },
  {
    name: 'ends in one list more',
    apply: (file) => {
      const config = topologyOf(file).config;
      if (!Array.isArray(config.output_layers)) return false;
      config.output_layers = [config.output_layers];
      return true;
    },
  },
  {
    name: 'flat nodes',
    apply: (file, random) =>
      done(
        some(allLayers(file), random).map((layer) => {
          const nodes = nodesOf(layer);
          // One call of a layer with several tensors comes out as one call for each.
          const isTakenApart = nodes.length === 1 && /^(Add|Concatenate|Multiply)$/.test(layer.class_name);
          if (nodes.length === 0 || !(isTakenApart || nodes.every((node) => node.length === 1))) return false;
          layer.inbound_nodes = nodes.flat();
          return true;
        }),
      ),
  },
  {
    name: 'references of three',
    apply: (file) =>
      done(
        allLayers(file).flatMap((layer) =>
          nodesOf(layer)
            .flat()
            .filter((reference: Json) => Array.isArray(reference) && reference.length === 4)
            .map((reference: Json) => reference.splice(3) !== undefined),
        ),
      ),
  },
  {
    name: 'dtype policies',
    apply: (file, random) =>
      done(
        some(plainLayers(file), random).map(({ class_name, config }) => {
          if (config === undefined || (class_name === 'InputLayer' && random(4) > 0)) return false;
          config.dtype = POLICY('float32');
          return true;
        }),
      ),
  },
  {
    name: 'modules',
    apply: (file, random) =>
      done(
        some(plainLayers(file), random).map((layer) => {
          Object.assign(layer, {
            module: 'keras.layers',
            registered_name: null,
            build_config: { input_shape: [null] },
          });
          return true;
        }),
      ),
  },
  {
    name: 'left out',
    apply: (file, random) => {
      const keys = [
        'groups',
        'keepdims',
        'dilation_rate',
        'bias_constraint',
        'kernel_initializer',
        'dtype',
        'trainable',
      ];
      const key = keys[random(keys.length)]!;
      return done(plainLayers(file).map(({ config }) => key in (config ?? {}) && delete config[key]));
    },
  },
  {
    name: 'a name beside the config alone',
    apply: (file, random) =>
      done(some(plainLayers(file), random).map((layer) => layer.name !== undefined && delete layer.config.name)),
  },
  {
    name: 'axes in a list',
    apply: (file, random) =>
      done(
        plainLayers(file).map(({ class_name, config }) => {
          if (class_name !== 'BatchNormalization' || typeof config.axis !== 'number') return false;
          config.axis = [random(2) === 0 ? -1 : config.axis];
          return true;
        }),
      ),
  },
  {
    name: 'fields of Keras 3',
    apply: (file) =>
      done(
        plainLayers(file).map(({ class_name, config }) => {
          if (!/^(Dense|Conv2D)$/.test(class_name)) return false;
          Object.assign(config, { quantization_config: null, lora_rank: null });
          return true;
        }),
      ),
  },
  {
    name: 'prefixed weights',
    apply: (file, random) => {
      for (const weight of some(weightsOf(file), random)) weight.name = `sequential/${weight.name}`;
      return true;
    },
  },
  {
    name: ':0',
    apply: (file, random) => {
      for (const weight of some(weightsOf(file), random)) weight.name = `${weight.name}:0`;
      return true;
    },
  },
  {
    name: 'a scope before the weight',
    apply: (file, random) =>
      done(
        some(weightsOf(file), random).map((weight) => {
          const [layer, ...name] = weight.name.split('/');
          if (name.length !== 1) return false;
          weight.name = `${layer}/scope/${name[0]}`;
          return true;
        }),
      ),
  },
  {
    name: 'weights by number',
    apply: (file) => {
      const counts = new Map<string, number>();
      for (const weight of weightsOf(file)) {
        const layer = weight.name.slice(0, weight.name.lastIndexOf('/'));
        counts.set(layer, (counts.get(layer) ?? -1) + 1);
        weight.name = `${layer}/${counts.get(layer)}`;
      }
      return true;
    },
  },
  {
    name: 'padding in capitals',
    apply: (file, random) =>
      done(
        some(plainLayers(file), random).map(({ config }) => {
          if (typeof config?.padding !== 'string') return false;
          config.padding = config.padding.toUpperCase();
          return true;
        }),
      ),
  },
  {
    name: 'the shape of an input twice',
    apply: (file) =>
      done(
        plainLayers(file).map(({ config }) => {
          if (config?.batch_input_shape === undefined) return false;
          config.batchInputShape = config.batch_input_shape;
          return true;
        }),
      ),
  },
  {
    name: 'input_shape',
    apply: (file) =>
      done(
        plainLayers(file).map(({ config }) => {
          if (config?.batch_input_shape === undefined) return false;
          config.input_shape = config.batch_input_shape.slice(1);
          delete config.batch_input_shape;
          return true;
        }),
      ),
  },
  {
    name: 'an architecture beside an empty one',
    apply: (file) => {
      const topology = file.modelTopology;
      if (topology?.model_config) file.modelTopology = { ...topology.model_config, model_config: null };
      return Boolean(topology?.model_config);
    },
  },
  {
    name: 'backslashes',
    apply: (file) => {
      for (const weight of weightsOf(file)) weight.name = weight.name.replaceAll('/', '\\');
      return true;
    },
  },
  {
    name: 'weights of Keras 3',
    apply: (file) =>
      done(
        weightsOf(file).map((weight) => {
          const before = weight.name;
          const layer = plainLayers(file).find(({ config }) => before.startsWith(`${config?.name}/`));
          if (layer?.class_name === 'DepthwiseConv2D') weight.name = before.replace('/depthwise_kernel', '/kernel');
          if (layer?.class_name === 'TimeDistributed') weight.name = before.replace(/\/(\w+)$/, '/inner/$1');
          return weight.name !== before;
        }),
      ),
  },
];
