import type { Model } from '../model/model.js';
import { type Blocker, type LoaderVerdict, listLoaders } from './loaders.js';
import { tfjsSettings } from './tfjs/tfjs-source.js';
import { findMisnamed } from './tfjs/weight-names.js';

/** Which loaders take a model as its file stands, the names of its weights included. */
export function listModelLoaders(model: Model): readonly LoaderVerdict[] {
  const { container } = model.format;
  return listLoaders(model.graph, container, tfjsSettings(model)).map((verdict) => {
    if (verdict.loader !== 'tfjs' || !verdict.ok || container !== 'tfjs') return verdict;
    const blockedBy = findMisnamed(model.graph) ?? null;
    return { ...verdict, ok: blockedBy === null, blockedBy };
  });
}

/** What stops TensorFlow.js at the file of a TensorFlow.js model. */
export const tfjsBlocker = (model: Model): Blocker | undefined =>
  listModelLoaders(model).find(({ loader }) => loader === 'tfjs')?.blockedBy ?? undefined;
