import { LOADER_NAMES } from '../format-names.js';
import type { PlainObject } from '../json/json-value.js';
import { hasActivityRegularizer } from '../layers/config.js';
import { computeDtype } from '../layers/dtype-policy.js';
import { factsOf } from '../layers/known-layers.js';
import type { Loader } from '../layers/layer-facts.js';
import { readField } from '../layers/read-field.js';
import { type Format, type Graph, type Layer, listGraphs, type Model, type Warning } from '../model/model.js';
import { isListOfOne, wantsListedEnds } from './dialects/single-ends.js';
import type { Renaming } from './dialects/translate/translate-graph.js';
import { EARLIEST_FORM, findsNoWeights } from './keras/keras-versions.js';
import type { Blocker } from './verdict/class-blocker.js';
import { feedsLayer, listNestedPlaces, type NestedPlace } from './verdict/nested-places.js';

// Warnings about a model that was translated for another loader.

/** About a model that its loader refuses, as it did before anything was changed. */
export function doesNotLoadWarning(loader: Loader, { layer, field, reason }: Blocker): Warning {
  const why = field === '' ? reason : `${field} ${reason}`;
  const message = `neither the model nor what is written loads in ${LOADER_NAMES[loader]}: ${why}`;
  return { code: 'does-not-load', message, where: layer };
}

/** Keras 2 and Keras 3 order their sums otherwise: in half precision that shows in the third digit. */
export function halfWarning(root: Graph): readonly Warning[] {
  const half = [...listGraphs(root)]
    .flatMap(({ graph }) => graph.layers)
    .find(({ settings }) => HALF_PRECISION.includes(computeDtype(settings)));
  if (half === undefined) return [];
  const message = 'computes in half precision, which Keras 2 and Keras 3 round differently: expect differences of 1e-3';
  return [{ code: 'half-precision', message, where: half.name }];
}

const HALF_PRECISION: readonly string[] = ['float16', 'bfloat16'];

export function renamedWarning(renamed: readonly Renaming[]): readonly Warning[] {
  const [first, ...more] = renamed;
  if (first === undefined) return [];
  return [
    {
      code: 'layers-renamed',
      message: `the new format does not take the name: the layer is called "${first.after}" now${andMore(more)}`,
      where: first.before,
    },
  ];
}

/** All of them by name: the new model has to be trained with another augmentation and regularisation. */
export function leftOutWarning(layers: readonly Layer[], root: Graph, target: Loader): readonly Warning[] {
  const regularized = target === 'tfjs' ? listRegularized(root).map((name) => `${name}'s activity_regularizer`) : [];
  const names = [...layers.map(({ name, className }) => `${name} (${className})`), ...regularized];
  if (names.length === 0) return [];
  const what = layers.length === 0 ? 'parts of layers' : 'layers';
  return [
    {
      code: 'training-only-layers-dropped',
      message: `left out, because ${LOADER_NAMES[target]} has no equivalent: ${what} that act in training alone; predictions do not change, training does: ${names.join(', ')}`,
      where: null,
    },
  ];
}

/** The layers whose outputs add to the loss, or those of layers inside them, without those that do nothing else. */
const listRegularized = (root: Graph): readonly string[] =>
  [...listGraphs(root)]
    .flatMap(({ graph }) => graph.layers)
    .filter(({ className, settings, graph, wrappers = [] }) =>
      [...wrappers.map((wrapper) => wrapper.settings), ...(graph === undefined ? [settings] : [])].some(
        (config) => factsOf(className, config).onlyTrains?.(config) !== true && holdsRegularizer(config),
      ),
    )
    .map(({ name }) => name);

const holdsRegularizer = (config: PlainObject): boolean =>
  hasActivityRegularizer(config) ||
  Object.entries(config).some(([field, value]) => {
    const read = readField(field, value);
    return read.kind === 'layers' && read.layers.some((held) => holdsRegularizer(held.config));
  });

/** Tells whether a warning says that layers are left out. */
export const saysLeftOut = ({ code }: Warning): boolean => code === 'training-only-layers-dropped';

export function fixedPhaseWarning([first, ...more]: readonly string[]): readonly Warning[] {
  if (first === undefined) return [];
  const message =
    `it is called with training=False, which the new format ignores in training${andMore(more)}: ` +
    'freeze it (trainable = False) before you train the model';
  return [{ code: 'phase-not-held', message, where: first }];
}

const andMore = ({ length }: readonly unknown[]): string => (length > 0 ? `, and ${length} more` : '');

/** Warns of inputs and outputs whose structure the new format cannot express. */
export function structureWarnings({ structures }: Graph, target: Loader): readonly Warning[] {
  return (['inputs', 'outputs'] as const).flatMap((side): readonly Warning[] => {
    const structure = structures?.[side];
    if (structure === undefined || structure.kind === 'tensor' || target === 'keras3') return [];
    const isAlone = structure.kind === 'list' && structure.parts.length === 1;
    const parts = structure.kind === 'list' ? structure.parts : [...structure.parts.values()];
    const isFlat = structure.kind === 'list' && parts.every(({ kind }) => kind === 'tensor');
    if (!isAlone && (target === 'keras2' || isFlat)) return [];
    const order = structure.kind === 'dict' ? `, sorted by key (${[...structure.parts.keys()].sort().join(', ')})` : '';
    const message = isAlone
      ? `the model's ${side} are a list of one tensor, which the new format says as the tensor itself`
      : `the new format has no structure for the model's ${side}: they are a list now${order}`;
    return [{ code: 'structure-lost', message, where: side === 'inputs' ? 'input_layers' : 'output_layers' }];
  });
}

// Versions of Keras that do not load the written file, though it is of their dialect.

/** Keras before 2.15 looks for the weights elsewhere in such files, or does not know them at all. */
export function tooNewWarning({ weightLayout, dialect }: Format, version: string | undefined): readonly Warning[] {
  if (dialect !== 'keras2' || !findsNoWeights(weightLayout, version)) return [];
  const message = `Keras ${version}, which saved the model, does not load the new file, whose weights lie where Keras 2.15 and later look for them: for that version write .h5 (-o NAME.h5)`;
  return [{ code: 'layout-too-new', message, where: null }];
}

/**
 * Keras 2.6 loads the mean and variance of a `Normalization` from an .h5 and computes as if they were 0 and 1; from a folder
 * it takes them. Tried: 2.4 and 2.10 take them from both.
 */
export function unfinishedWarning(
  { weightLayout, dialect }: Format,
  version: string | undefined,
  root: Graph,
): readonly Warning[] {
  if (weightLayout !== 'legacy-hdf5' || dialect !== 'keras2' || !/^2\.[5-9]\./.test(version ?? '')) return [];
  const layer = [...listGraphs(root)]
    .flatMap(({ graph }) => graph.layers)
    .find(({ className }) => factsOf(className, {}).copiesWeights !== undefined);
  if (layer === undefined) return [];
  const message = `Keras 2.6 computes this layer as if its mean were 0 and its variance 1 where an .h5 was loaded, its own too: call its finalize_state() there, or use Keras 2.10 or later; Keras ${version} saved the model`;
  return [{ code: 'state-not-finalized', message, where: layer.name }];
}

/** A model that is converted is written for today's Keras 3, whichever saved it. */
export const forTodaysKeras = (model: Model, dialect: Format['dialect']): Model =>
  dialect === 'keras3' ? { ...model, kerasVersion: undefined } : model;

/**
 * A model as it is written where a Sequential one became functional inside another. Keras 3.0 to 3.3 and the later ones want
 * other ends of it, so it is written for the version that saved it; and Keras 3.0 to 3.2 load none in a Sequential model,
 * whatever its ends, so there it is written for today's.
 */
export function forItsVersion(model: Model): { readonly model: Model; readonly warnings: readonly Warning[] } {
  const { kerasVersion } = model;
  const place = findTurned(model);
  if (place === undefined) return { model, warnings: [] };
  const where = place.holder.name;
  if (place.parent.kind === 'sequential' && /^3\.[0-2](?:\.|$)/.test(kerasVersion ?? '')) {
    const message = `the new file is for Keras 3.4 and later; Keras ${kerasVersion}, which saved the model, loads no functional model in a Sequential one`;
    return { model: { ...model, kerasVersion: undefined }, warnings: [{ code: 'layout-too-new', message, where }] };
  }
  const message = `the new file is for Keras ${kerasVersion}, which saved the model; Keras 3.4 and later want models in models in another form: for them put it through se-retrofit convert`;
  const tooOld = { code: 'layout-too-old', message, where };
  if (place.parent.kind !== 'sequential' || kerasVersion !== EARLIEST_FORM) return { model, warnings: [tooOld] };
  const unsaid =
    'the architecture does not say which Keras saved it: if it was one of 3.0 to 3.2, that one loads no functional model in a Sequential one, and the new file is for se-retrofit convert and Keras 3.4 and later';
  return { model, warnings: [tooOld, { code: 'layout-too-new', message: unsaid, where }] };
}

/** Finds a Sequential model of Keras 3.0 to 3.3, now functional inside another, before a layer that wants a tensor. */
function findTurned({ graph: root, format: { dialect }, kerasVersion }: Model): NestedPlace | undefined {
  if (dialect !== 'keras3' || !wantsListedEnds(kerasVersion)) return undefined;
  const places = listNestedPlaces(root);
  for (const [{ kind, outputs, structures, read }, place] of places) {
    const isTurned = kind === 'functional' && read?.className !== 'Functional' && outputs.length === 1;
    if (isTurned && !isListOfOne(structures?.outputs) && feedsLayer(place, places)) return place;
  }
  return undefined;
}
