import { getMember, isObject, type JsonDocument, type JsonObject, type JsonValue } from '../../json/json-value.js';
import type { Model } from '../../model/model.js';
import type { ByteRange } from '../../model/tensor.js';
import type { FoundFile, Storage } from '../../storage/storage.js';
import type { WeightSpec } from '../weight-layouts/tfjs-manifest.js';

/** A weight of the manifest with the bytes it has. */
export interface LocatedSpec extends WeightSpec {
  readonly ranges: readonly ByteRange[];
}

export interface LocatedGroup {
  readonly paths: readonly string[];
  readonly specs: readonly LocatedSpec[];
}

/** Data that the reader of a TensorFlow.js model keeps for the writer, so that unchanged parts stay as read. */
export interface TfjsSource {
  readonly kind: 'tfjs';
  readonly storage: Storage;
  readonly modelFile: FoundFile;
  readonly document: JsonDocument;
  readonly root: JsonObject;
  /** The object that holds `class_name` and `config`, and whether it is wrapped in `model_config`. */
  readonly topology: JsonValue;
  readonly isWrapped: boolean;
  readonly groups: readonly LocatedGroup[];
  /** The weight files, by the path the manifest gives them. */
  readonly files: ReadonlyMap<string, FoundFile>;
}

/** Returns the data that a TensorFlow.js reader kept, if the model is still in the format it was read in. */
export function findTfjsSource({ carried }: Model): TfjsSource | undefined {
  const source = carried as TfjsSource | undefined;
  return source?.kind === 'tfjs' ? source : undefined;
}

/** The compile settings that TensorFlow.js reads; those that its converter leaves in the topology it does not. */
export const tfjsSettings = (model: Model): JsonValue | undefined =>
  getMember(findTfjsSource(model)?.root, 'trainingConfig') === undefined ? undefined : model.trainingConfig;

/** Finds the architecture in a `modelTopology`: Keras wraps it in a member of its own, which may be there and hold nothing. */
export function findTopology(found: JsonObject): Pick<TfjsSource, 'isWrapped'> & { readonly topology: JsonObject } {
  const inner = getMember(found, 'model_config');
  return isObject(inner) ? { topology: inner, isWrapped: true } : { topology: found, isWrapped: false };
}

/** Returns the architecture of a model.json, without the weights' values. */
export function architectureIn(root: JsonObject) {
  return {
    topology: findTopology(getMember(root, 'modelTopology') as JsonObject).topology,
    manifest: getMember(root, 'weightsManifest')!,
    settings: getMember(root, 'trainingConfig'),
  };
}
