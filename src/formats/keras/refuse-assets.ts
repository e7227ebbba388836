import { factsOfLayer } from '../../model/facts-of-layer.js';
import { type Layer, listGraphs, type Model } from '../../model/model.js';
import { cannotConvert } from '../dialects/translate/cannot-convert.js';
import { ASSETS_MEMBER } from './archive-members.js';
import { findKerasSource } from './keras-source.js';

/**
 * Refuses to leave behind what layers keep beside the weights, the words of a lookup that was adapted: no other file than an
 * archive of the same Keras has a place for it.
 * @throws RetrofitError `cannot-convert`
 */
export function refuseAssets(model: Model): void {
  const members = findKerasSource(model)?.archive?.members ?? [];
  const asset = members.find(({ name }) => name.startsWith(`${ASSETS_MEMBER}/`) && !name.endsWith('/'));
  if (asset === undefined) return;
  const layers = [...listGraphs(model.graph)].flatMap(({ graph }) => graph.layers);
  throw cannotConvert(
    layers.find(keepsAssets)?.name ?? model.graph.name,
    '',
    `the archive keeps "${asset.name}", for which the new format has no place`,
    'keep it a .keras file of the same Keras, or build the model with a vocabulary that is given to the layer',
  );
}

const keepsAssets = (layer: Layer): boolean => factsOfLayer(layer).readsFile === true;
