import { getMember, isArray, type JsonValue, stringOf } from '../../json/json-value.js';
import { isInput } from '../../layers/known-layers.js';
import type { Dialect, WeightLayout } from '../../model/model.js';

/**
 * Tells whether a version of Keras looks for the weights of a `.weights.h5` elsewhere than 2.15, or knows no such
 * files.
 */
export const isBefore215 = (kerasVersion: string | undefined): boolean => /^2\.(\d|1[0-4])\./.test(kerasVersion ?? '');

/** Tells whether a version of Keras does not find weights that are laid out so. */
export const findsNoWeights = (layout: WeightLayout, kerasVersion: string | undefined): boolean =>
  layout === 'weights-hdf5' && isBefore215(kerasVersion);

/** Version that stands for Keras 3.0 to 3.3 in an architecture that does not say its version. */
export const EARLIEST_FORM = '3.3';

/**
 * Determines the version of an architecture that does not say it: "3.3" for Keras 3.0 to 3.3, which write names as
 * layers' dtypes. Later ones write policies, and since 3.9 whether an input is ragged.
 */
export function earlyKeras3(topology: JsonValue): string | undefined {
  const config = getMember(topology, 'config');
  const layers = getMember(config, 'layers');
  if (!isArray(layers) || getMember(topology, 'module') === undefined) return undefined;
  const configsOf = (areInputs: boolean) =>
    layers.items
      .filter(({ value }) => isInput(stringOf(getMember(value, 'class_name'))) === areInputs)
      .map(({ value }) => getMember(value, 'config'));
  const dtypes = configsOf(false).flatMap((own) => getMember(own, 'dtype') ?? []);
  const isEarly =
    dtypes.length > 0 &&
    dtypes.every((dtype) => stringOf(dtype) !== undefined) &&
    configsOf(true).every((own) => getMember(own, 'ragged') === undefined);
  return isEarly ? EARLIEST_FORM : undefined;
}

/** Keras versions that new files name as their writer: each knows everything that is written here. */
export const KERAS_VERSIONS: Readonly<Record<Dialect, string>> = { keras2: '2.15.0', keras3: '3.6.0' };
