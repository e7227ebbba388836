import { inFile, inputError } from '../../errors.js';
import type { Graph, Model } from '../../model/model.js';
import type { FindOptions, FoundFile, Storage } from '../../storage/storage.js';
import { type AttachedCheckpoint, attachCheckpoint } from './attach-checkpoint.js';
import { withCheckpointValues } from './checkpoint-values.js';
import { readObjectGraph } from './object-graph.js';
import { type CheckpointPlace, openBundle } from './tensor-bundle.js';

/** The weights of a checkpoint, opened. */
export interface CheckpointWeights {
  readonly layout: 'checkpoint';
  readonly index: FoundFile;
  readonly files: readonly FoundFile[];
  /** Gives every layer its weights. */
  readonly attach: (bare: Graph) => AttachedCheckpoint;
  readonly withValues: Model['withValues'];
}

/**
 * Opens a checkpoint as the weights of a Keras model. No values are read.
 * @throws RetrofitError `bad-bundle`, `tensorflow-1`, `weights-missing`, `weights-size`
 */
export async function openCheckpoint(
  storage: Storage,
  place: CheckpointPlace,
  options: FindOptions,
): Promise<CheckpointWeights> {
  const bundle = await openBundle(storage, place, options);
  const { index, shards } = bundle;
  try {
    const objects = await readObjectGraph(storage, bundle);
    if (objects === undefined) throw ofTensorflow1();
    const attach = (graph: Graph) => {
      try {
        return attachCheckpoint(graph, objects, bundle);
      } catch (error) {
        throw inFile(error, index.path);
      }
    };
    return {
      layout: 'checkpoint',
      index,
      files: [index, ...shards.values(), ...(place.named === undefined ? [] : [place.named])],
      attach,
      withValues: (use) => withCheckpointValues(storage, bundle, use),
    };
  } catch (error) {
    throw inFile(error, index.path);
  }
}

/** Refuses a checkpoint of which nothing is of use, whatever is given with it. @throws RetrofitError `tensorflow-1` */
export async function refuseOfTensorflow1(storage: Storage, place: CheckpointPlace): Promise<void> {
  const bundle = await openBundle(storage, place, { allowLinks: true });
  if ((await readObjectGraph(storage, bundle)) === undefined) throw inFile(ofTensorflow1(), bundle.index.path);
}

const ofTensorflow1 = () =>
  inputError(
    'tensorflow-1',
    'this is a checkpoint of TensorFlow 1, or of its Saver: it does not say which layers its tensors belong to',
    { hint: 'load it in the program that made it, and save the model from Keras: model.save("model.h5")' },
  );
