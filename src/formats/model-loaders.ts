import type { Model } from '../model/model.js';
import { isBefore215 } from './keras/keras-versions.js';
import { type Blocker, findBlocker, type LoaderVerdict, listLoaders } from './loaders.js';
import { tfjsSettings } from './tfjs/tfjs-source.js';
import { findMisnamed } from './tfjs/weight-names.js';

/** Which loaders take a model as its file stands, the places and the names of its weights included. */
export function listModelLoaders(model: Model): readonly LoaderVerdict[] {
  const { container } = model.format;
  const weights = weightsBlocker(model);
  return listLoaders(model.graph, container, tfjsSettings(model)).map((verdict) =>
    verdict.ok && weights !== undefined && (verdict.loader === 'tfjs') === (container === 'tfjs')
      ? { ...verdict, ok: false, blockedBy: weights }
      : verdict,
  );
}

/** What stops the loaders of a file at its weights. */
function weightsBlocker({ graph, format, kerasVersion }: Model): Blocker | undefined {
  if (format.container === 'tfjs') return findMisnamed(graph);
  if (format.weightLayout !== 'weights-hdf5' || !isBefore215(kerasVersion)) return undefined;
  const reason = `is ${kerasVersion}, and no later Keras than 2.14 finds the weights of such a file`;
  return { layer: graph.name, field: 'keras_version', reason };
}

/** What stops TensorFlow.js at the file of a TensorFlow.js model. */
export const tfjsBlocker = (model: Model): Blocker | undefined =>
  findBlocker(model.graph, 'tfjs', { container: 'tfjs', settings: tfjsSettings(model) }) ?? weightsBlocker(model);
