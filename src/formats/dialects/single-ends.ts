import { isArray, type JsonValue } from '../../json/json-value.js';
import type { Structure } from '../../model/model.js';
import type { EntryStyle } from './new-entries.js';
import { nameIn } from './tensor-references.js';

// How a Keras 3 model with one input or one output refers to it. Keras 3.0 to 3.3 want a list, `[["x", 0, 0]]`, wherever
// the model stands. Since 3.4 both forms load, and 3.15 takes the list for a list of one in a Sequential model, where the
// next layer then reads a list. Tried on 3.0.5, 3.3.3, 3.6.0, 3.9.2, 3.12.0 and 3.15.1.

/** Form of a model's only input or output: in a list, bare, or unchanged. */
type SingleEndForm = 'listed' | 'bare' | 'any';

export function singleEndForm({ dialect, kerasVersion, feedsLayer }: EntryStyle): SingleEndForm {
  if (dialect !== 'keras3') return 'any';
  if (wantsListedEnds(kerasVersion)) return 'listed';
  return feedsLayer === true ? 'bare' : 'any';
}

/** Tells whether a Keras 3 of this version reads a single input or output only in a list. */
export function wantsListedEnds(kerasVersion: string | undefined): boolean {
  const [, minor] = /^3\.(\d+)(?:\.|$)/.exec(kerasVersion ?? '') ?? [];
  return minor !== undefined && Number(minor) < 4;
}

/** Tells whether a model's inputs or outputs are a list of one tensor. */
export const isListOfOne = (structure: Structure | undefined): boolean =>
  structure?.kind === 'list' && structure.parts.length === 1 && structure.parts[0]!.kind === 'tensor';

/** The structure in which ends are written. */
export function endsIn(structure: Structure, form: SingleEndForm): Structure {
  if (form === 'bare' && isListOfOne(structure)) return ONE_TENSOR;
  return form === 'listed' && structure.kind === 'tensor' ? LIST_OF_ONE : structure;
}

const ONE_TENSOR: Structure = { kind: 'tensor' };
const LIST_OF_ONE: Structure = { kind: 'list', parts: [ONE_TENSOR] };

/** The one reference out of its list. */
export function unlisted(ends: JsonValue): JsonValue {
  const only = isArray(ends) && ends.items.length === 1 ? ends.items[0]!.value : undefined;
  return only !== undefined && nameIn(only) !== undefined ? only : ends;
}
