import type { io } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { inputError, reasonOf } from '../errors.js';
import { toComputable } from '../formats/computable.js';
import { tfjsArtifacts } from '../formats/tfjs/tfjs-artifacts.js';
import type { Model } from '../model/model.js';
import type { TensorFlow } from './tensorflow.js';

/** A model that computes, and the document that says what its layers are called there. */
export interface LoadedModel {
  readonly runs: LayersModel;
  /** The model translated for TensorFlow.js: names of layers are those of `runs`. */
  readonly model: Model;
}

/**
 * Loads a model of any format into TensorFlow.js, converted in memory.
 * @throws RetrofitError `cannot-convert` or `cannot-compute`, naming the layer that TensorFlow.js does not have
 */
export async function loadModel({ layers }: TensorFlow, model: Model): Promise<LoadedModel> {
  const converted = toComputable(model);
  const { root, weightSpecs, weightData } = await tfjsArtifacts(converted);
  const modelTopology = withoutInitializers(root.modelTopology);
  const artifacts = { modelTopology, weightSpecs, weightData } as unknown as io.ModelArtifacts;
  try {
    const runs = await layers.loadLayersModel({ load: async () => artifacts });
    return { runs, model: converted };
  } catch (error) {
    throw inputError('cannot-compute', `TensorFlow.js does not load the model: ${reasonOf(error)}`, {
      where: { file: model.path },
      hint: 'compute with this model in the program that made it',
    });
  }
}

/**
 * All weights come from the file. TensorFlow.js draws those of a recurrent cell all the same, and its Orthogonal calls
 * `flatten` of a tensor, a method that tensors have only where all of TensorFlow.js is installed.
 */
const withoutInitializers = (topology: object): object =>
  JSON.parse(JSON.stringify(topology), (key, value) =>
    key.endsWith('_initializer') && value !== null ? 'zeros' : value,
  );
