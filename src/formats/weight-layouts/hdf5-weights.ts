import { inputError } from '../../errors.js';
import type { Shape, WeightFact } from '../../layers/layer-facts.js';
import { factsOfLayer } from '../../model/facts-of-layer.js';
import { layerOrder } from '../../model/layer-order.js';
import { type Dialect, type Graph, type Layer, listGraphs } from '../../model/model.js';
import { hasNewValues, type Tensor, type Weight } from '../../model/tensor.js';
import type { Hdf5Dataset } from '../../storage/hdf5.js';

/** The weights of a layer in the order in which Keras keeps them; undefined where that is not known. */
export const weightFacts = (
  layer: Layer,
  inputs: readonly (Shape | undefined)[] = [],
): readonly WeightFact[] | undefined => factsOfLayer(layer).weights?.(layer.settings, inputs);

/** A dataset as a lazy tensor. */
export function datasetTensor({ path, dtype, shape }: Hdf5Dataset, layer: Layer): Tensor {
  if (dtype === 'other' || dtype === 'string') {
    throw inputError('bad-hdf5', `the dataset "${path}" holds no numbers`, {
      where: { layer: layer.name, field: path },
      hint: 'the file was not written by Keras, or is damaged: save the model again',
    });
  }
  return { dtype, shape, source: { kind: 'dataset', path }, exponent: 0 };
}

/** Finds a weight's dataset in the file that the layer's former graph was read from; undefined for a new weight. */
export function findDataset({ name, tensor, isNew }: Weight, before: Layer | undefined): string | undefined {
  if (isNew) return undefined;
  const stored = tensor.source.kind === 'dataset' ? tensor : before?.weights.find((old) => old.name === name)?.tensor;
  return stored?.source.kind === 'dataset' ? stored.source.path : undefined;
}

/** Tells whether weights of the layer stand where Keras 3 alone finds them, in a file that Keras 2 is to load. */
export const isMisplaced = (layer: Layer, dialect: Dialect): boolean =>
  dialect === 'keras2' && layer.weights.some((weight) => keras3Group(layer, weight) !== undefined);

/** The group of a weight that stands where Keras 3 writes it, and Keras 2 does not. */
export function keras3Group(layer: Layer, { name, tensor: { source } }: Weight): string | undefined {
  const place = weightFacts(layer)?.find((fact) => fact.name === name)?.keras3Path;
  if (place === undefined || source.kind !== 'dataset' || !source.path.endsWith(`/${place}`)) return undefined;
  return source.path.slice(0, source.path.length - place.length) + place.slice(0, place.indexOf('/'));
}

/** Tells whether a tensor's values are others than those that stand in its dataset. */
export const isChanged = (tensor: Tensor): boolean => tensor.exponent !== 0 || hasNewValues(tensor);

/**
 * Keras files keep the layers that the outputs lead back to; where others hang on to a graph, its order is not certain.
 * @throws RetrofitError `unreachable-layer`
 */
export function refuseUnreachable(graph: Graph): void {
  for (const { graph: inner } of listGraphs(graph)) {
    if (inner.kind === 'sequential') continue;
    const reached = new Set(layerOrder(inner));
    const lost = inner.layers.find((layer) => !reached.has(layer) && !layer.isOperation);
    if (lost !== undefined) {
      throw inputError(
        'unreachable-layer',
        'no output of the model leads back to this layer, so that its weights cannot be told for certain',
        {
          where: { layer: lost.name, field: 'inbound_nodes' },
          hint: 'layers of add_loss and add_metric are such, and layers and models that were given to the model as attributes (model.extra = ...): build it anew from its inputs and outputs, keras.Model(model.inputs, model.outputs), and save that',
        },
      );
    }
  }
}
