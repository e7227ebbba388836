import { factsOfContainer } from '../../containers.js';
import {
  fromPlain,
  getMember,
  isObject,
  type JsonDocument,
  type JsonObject,
  withMember,
} from '../../json/json-value.js';
import type { Model } from '../../model/model.js';
import { lowerModel } from '../dialects/lower-graph.js';
import { findKerasSource } from './keras-source.js';
import { KERAS_VERSIONS } from './keras-versions.js';

/** Makes the document of a model's architecture: the one that was read, with its changes. */
export function newTopology(model: Model): JsonDocument {
  const { dialect, container } = model.format;
  // A graph that is written anew takes nothing from the file, and neither does what stands around it.
  const read = model.graph.read && findKerasSource(model)?.topology;
  const wrapper = isObject(read?.root) ? read.root : undefined;
  const lowered = lowerModel(model.graph, {
    wrapper,
    dialect,
    kerasVersion: model.kerasVersion,
    hasModules: dialect === 'keras3' || factsOfContainer(container).modules.includes(dialect),
  });
  const root = wrapper === undefined && dialect === 'keras2' ? stamped(lowered) : lowered;
  // Compile settings stand inside the architecture here, beside it in a legacy file.
  const isInside = getMember(root, 'compile_config') !== undefined && model.trainingConfig !== undefined;
  const settled = isInside ? withMember(root, 'compile_config', model.trainingConfig!) : root;
  return { lead: read?.lead ?? '', trail: read?.trail ?? '', root: settled };
}

const stamped = (root: JsonObject): JsonObject =>
  withMember(withMember(root, 'keras_version', fromPlain(KERAS_VERSIONS.keras2)), 'backend', fromPlain('tensorflow'));

/** The compile settings of a legacy file; undefined where the model has none, or keeps them in its architecture. */
export function newTrainingConfig(model: Model): JsonDocument | undefined {
  const source = findKerasSource(model);
  if (model.trainingConfig === undefined) return undefined;
  if (source !== undefined && source.trainingConfig === undefined) return undefined;
  return { lead: '', trail: '', ...source?.trainingConfig, root: model.trainingConfig };
}
