import type { JsonDocument } from '../../json/json-value.js';
import type { Graph, Model, WeightLayout } from '../../model/model.js';
import type { Storage, ZipArchive } from '../../storage/storage.js';
import type { WeightsFile } from './weights-file.js';

/** Data that the reader of a Keras model keeps for the writer, so that unchanged parts stay as they were read. */
export interface KerasSource {
  readonly kind: 'keras';
  readonly storage: Storage;
  /** Where the weights lie: in a file of their own, or a member of an archive; for a checkpoint, its index. */
  readonly weightsFile: WeightsFile;
  readonly layout: Exclude<WeightLayout, 'tfjs-manifest'>;
  /** For legacy files: the path of the group with the layers' groups; empty for the root. */
  readonly base: string;
  /** Whether it holds an optimizer's state, which is not carried over. */
  readonly hasOptimizer: boolean;
  /** Whether weights of a checkpoint come in the order of legacy files, those of layers of unknown classes too. */
  readonly isInLegacyOrder?: boolean | undefined;
  /** The graph as it was read, with its weights. */
  readonly graph: Graph;
  /** The architecture's JSON. */
  readonly topology: JsonDocument;
  /** Compile settings of a legacy file, which stand beside the architecture; undefined elsewhere. */
  readonly trainingConfig: JsonDocument | undefined;
  /** The archive of a `.keras` file, or the folder that it was not zipped in. */
  readonly archive: ZipArchive | undefined;
}

/** Groups of an optimizer's state. */
export const OPTIMIZER_GROUPS = {
  'legacy-hdf5': '/optimizer_weights',
  'weights-hdf5': '/optimizer',
  checkpoint: 'optimizer',
} as const satisfies Readonly<Record<KerasSource['layout'], string>>;

/** Returns the data that a Keras reader kept, if the model is still in the format it was read in. */
export function findKerasSource(model: Model): KerasSource | undefined {
  const source = model.carried as KerasSource | undefined;
  return source?.kind === 'keras' ? source : undefined;
}
