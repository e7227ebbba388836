import {
  configsOf,
  done,
  isModel,
  type Json,
  layersWithin,
  POLICY,
  plainLayersWithin,
  type Repair,
  renameKey,
  some,
} from './repairs.js';

// What people do to the config.json of a `.keras` file until another Keras loads it, and what they leave half done.

const models = (model: Json): Json[] => [model, ...layersWithin(model).filter(({ config }) => isModel(config))];

const without =
  (key: string, of: (model: Json) => Json[]): Repair['apply'] =>
  (model, random) =>
    done(some(of(model), random).map((object) => object !== undefined && key in object && delete object[key]));

const configs = (model: Json): Json[] => plainLayersWithin(model).map(({ config }) => config);
const isReference = (ends: Json) => Array.isArray(ends) && typeof ends[0] === 'string';

/** What layers say that their classes take for granted. */
const DEFAULTS = ['groups', 'keepdims', 'dilation_rate', 'bias_constraint', 'kernel_initializer', 'dtype', 'trainable'];

export const KERAS_REPAIRS: readonly Repair[] = [
  {
    name: 'ends in a list',
    apply: (model, random) =>
      done(
        configsOf(model).flatMap((config) =>
          some(['input_layers', 'output_layers'], random).map((key) => {
            if (!isReference(config[key])) return false;
            config[key] = [config[key]];
            return true;
          }),
        ),
      ),
  },
  {
    name: 'flat ends',
    apply: (model, random) =>
      done(
        configsOf(model).flatMap((config) =>
          some(['input_layers', 'output_layers'], random).map((key) => {
            if (config[key]?.length !== 1 || !isReference(config[key][0])) return false;
            config[key] = config[key][0];
            return true;
          }),
        ),
      ),
  },
  ...DEFAULTS.map((key): Repair => ({ name: `without ${key}`, apply: without(key, configs) })),
  { name: 'without ragged', apply: without('ragged', configs) },
  { name: 'without quantization_config', apply: without('quantization_config', configs) },
  { name: 'without module', apply: without('module', plainLayersWithin) },
  { name: 'models without module', apply: without('module', models) },
  { name: 'without registered_name', apply: without('registered_name', layersWithin) },
  { name: 'without build_config', apply: without('build_config', layersWithin) },
  { name: 'without the name beside the config', apply: without('name', layersWithin) },
  { name: 'without compile_config', apply: without('compile_config', (model) => [model]) },
  {
    name: 'modules as older versions named them',
    apply: (model, random) =>
      done(
        some(models(model), random).map((object) => {
          if (!/^keras\.src/.test(object.module ?? '')) return false;
          object.module = ['keras', 'keras.models', 'keras.src.engine.functional'][random(3)];
          return true;
        }),
      ),
  },
  {
    name: 'dtypes by name',
    apply: (model, random) =>
      done(
        some(configs(model), random).map((config) => {
          if (typeof config.dtype?.config?.name !== 'string') return false;
          config.dtype = config.dtype.config.name;
          return true;
        }),
      ),
  },
  {
    name: 'dtype policies',
    apply: (model, random) =>
      done(
        some(configs(model), random).map((config) => {
          if (config.dtype !== 'float32') return false;
          config.dtype = POLICY('float32');
          return true;
        }),
      ),
  },
  {
    name: 'batch_input_shape',
    apply: (model, random) =>
      done(some(configs(model), random).map((config) => renameKey(config, 'batch_shape', 'batch_input_shape'))),
  },
  {
    name: 'activations as objects',
    apply: (model, random) =>
      done(
        some(configs(model), random).map((config) => {
          if (typeof config.activation !== 'string') return false;
          const { activation } = config;
          config.activation = {
            module: 'builtins',
            class_name: 'function',
            config: activation,
            registered_name: 'function',
          };
          return true;
        }),
      ),
  },
];
