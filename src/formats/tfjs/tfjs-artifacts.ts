import { serializeJson } from '../../json/serialize-json.js';
import type { Model } from '../../model/model.js';
import { forTfjs, newRoot, planWeights, storedBytes, type WrittenSpec } from './write-new-tfjs.js';

/** A model as the loader of TensorFlow.js takes it from memory. */
export interface TfjsArtifacts {
  /** Content of model.json. */
  readonly root: { readonly modelTopology: object };
  readonly weightSpecs: readonly WrittenSpec[];
  /** All weights as float32, int32 or bool, in the order of the specs. */
  readonly weightData: readonly ArrayBuffer[];
}

/**
 * Builds the whole model in memory, as it would be written to a TensorFlow.js folder.
 * @param model translated for TensorFlow.js already
 */
export async function tfjsArtifacts(model: Model): Promise<TfjsArtifacts> {
  return model.withValues(async (values) => {
    const { model: released } = await forTfjs(model, values);
    const planned = await planWeights(model, values, {});
    const weightSpecs = planned.map(({ spec }) => spec);
    const text = serializeJson({ lead: '', trail: '', root: newRoot(released, [], weightSpecs) });
    const weightData: ArrayBuffer[] = [];
    // Copied: a piece may lie in a buffer that is used again.
    for await (const bytes of storedBytes(planned, values)) weightData.push(new Uint8Array(bytes).buffer);
    return { root: JSON.parse(text), weightSpecs, weightData };
  });
}
