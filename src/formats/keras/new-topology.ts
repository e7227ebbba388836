import {
  fromPlain,
  getMember,
  isObject,
  type JsonDocument,
  type JsonObject,
  withMember,
} from '../../json/json-value.js';
import type { Dialect, Model } from '../../model/model.js';
import { lowerGraph } from '../dialects/lower-graph.js';
import { findKerasSource } from './keras-source.js';
import { KERAS_VERSIONS } from './keras-versions.js';

/** The document of a model's architecture: what was read, with its changes. */
export function newTopology(model: Model): JsonDocument {
  const { dialect } = model.format;
  const read = findKerasSource(model)?.topology;
  const { className, config } = lowerGraph(model.graph, dialect);
  const base = isObject(read?.root) ? read.root : newRoot(className, dialect);
  const named = className === 'Functional' ? asFunctional(base, dialect) : base;
  const root = withMember(named, 'config', config);
  // Compile settings stand inside the architecture here, beside it in a legacy file.
  const isInside = getMember(root, 'compile_config') !== undefined && model.trainingConfig !== undefined;
  const settled = isInside ? withMember(root, 'compile_config', model.trainingConfig!) : root;
  return { lead: read?.lead ?? '', trail: read?.trail ?? '', root: settled };
}

/** The compile settings of a legacy file; undefined where the model has none, or keeps them in its architecture. */
export function newTrainingConfig(model: Model): JsonDocument | undefined {
  const read = findKerasSource(model)?.trainingConfig;
  return read === undefined || model.trainingConfig === undefined ? undefined : { ...read, root: model.trainingConfig };
}

const MODULES: Readonly<Record<Dialect, string>> = {
  keras2: 'keras.src.engine.functional',
  keras3: 'keras.src.models.functional',
};

/** A Sequential model becomes a functional one where something is inserted; then its Python class is another too. */
function asFunctional(root: JsonObject, dialect: Dialect): JsonObject {
  const className = getMember(root, 'class_name');
  if (className?.kind === 'string' && className.text !== '"Sequential"') return root;
  const named = withMember(root, 'class_name', fromPlain('Functional'));
  if (getMember(root, 'module') === undefined) return named;
  return withMember(
    withMember(named, 'module', fromPlain(MODULES[dialect])),
    'registered_name',
    fromPlain('Functional'),
  );
}

function newRoot(className: string, dialect: Dialect): JsonObject {
  const isFunctional = className !== 'Sequential';
  const plain =
    dialect === 'keras2'
      ? { class_name: className, config: null, keras_version: KERAS_VERSIONS.keras2, backend: 'tensorflow' }
      : {
          module: isFunctional ? MODULES.keras3 : 'keras',
          class_name: className,
          config: null,
          registered_name: isFunctional ? className : null,
        };
  return fromPlain(plain) as JsonObject;
}
