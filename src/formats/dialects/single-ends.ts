import { isArray, type JsonValue } from '../../json/json-value.js';
import type { Structure } from '../../model/model.js';
import { nameIn } from './tensor-references.js';

// How a Keras 3 model with one input or one output refers to it. Keras 3.0 to 3.3 want a list, `[["x", 0, 0]]`, wherever
// the model stands. Since 3.4 both forms load, and 3.15 takes the list for a list of one in a Sequential model, where the
// next layer then reads a list. Tried on 3.0.5, 3.3.3, 3.6.0, 3.9.2, 3.12.0 and 3.15.1.

/** Whether Keras 3 of this version reads a single input or output only in a list; undefined: the version is not known. */
export function wantsListedEnds(kerasVersion: string | undefined): boolean {
  const [, minor] = /^3\.(\d+)(?:\.|$)/.exec(kerasVersion ?? '') ?? [];
  return minor !== undefined && Number(minor) < 4;
}

/** Whether a model's inputs or outputs are a list of one tensor. */
export const isListOfOne = (structure: Structure | undefined): boolean =>
  structure?.kind === 'list' && structure.parts.length === 1 && structure.parts[0]!.kind === 'tensor';

export const listOfOne: Structure = { kind: 'list', parts: [{ kind: 'tensor' }] };

/** The one reference out of its list. */
export function unlisted(ends: JsonValue): JsonValue {
  const only = isArray(ends) && ends.items.length === 1 ? ends.items[0]!.value : undefined;
  return only !== undefined && nameIn(only) !== undefined ? only : ends;
}
