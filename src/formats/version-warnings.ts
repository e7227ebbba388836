import type { Format, Model, Warning } from '../model/model.js';
import { isListOfOne, wantsListedEnds } from './dialects/single-ends.js';
import { isBefore215 } from './keras/keras-versions.js';
import { feedsLayer, listNestedPlaces } from './nested-places.js';

// Versions of Keras that do not load what is written, though they are of the kind that it is written for.

/** Keras before 2.15 looks for the weights elsewhere in such files, or does not know them at all. */
export function tooNewWarning({ weightLayout, dialect }: Format, version: string | undefined): readonly Warning[] {
  if (weightLayout !== 'weights-hdf5' || dialect !== 'keras2' || !isBefore215(version)) return [];
  const message = `Keras ${version}, which saved the model, does not load the new file, whose weights lie where Keras 2.15 and later look for them: for that version write .h5 (-o NAME.h5)`;
  return [{ code: 'layout-too-new', message, where: null }];
}

/** A Sequential model that becomes functional inside another: Keras 3.0 to 3.3 and the later ones want other ends of it. */
export function tooOldWarning({ graph: root, format: { dialect }, kerasVersion }: Model): readonly Warning[] {
  if (dialect !== 'keras3' || !wantsListedEnds(kerasVersion)) return [];
  for (const [{ kind, outputs, structures, read }, place] of listNestedPlaces(root)) {
    const isTurned = kind === 'functional' && read?.className !== 'Functional' && outputs.length === 1;
    if (!isTurned || isListOfOne(structures?.outputs) || !feedsLayer(place)) continue;
    const message = `the new file is for Keras ${kerasVersion}, which saved the model; Keras 3.4 and later want models in models in another form: for them put it through se-retrofit convert`;
    return [{ code: 'layout-too-old', message, where: place.holder.name }];
  }
  return [];
}
