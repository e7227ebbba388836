import { inputError } from '../../errors.js';
import type { JsonDocument } from '../../json/json-value.js';
import type { Graph, RetrofitRecord } from '../../model/model.js';
import { parseRecord, RECORD_KEY } from '../../model/record.js';
import type { Tensor, TensorValues } from '../../model/tensor.js';
import type { Hdf5File } from '../../storage/hdf5.js';
import type { Storage } from '../../storage/storage.js';
import { parseJsonIn } from '../find/read-json-file.js';
import { changedValues } from '../values/changed-values.js';
import { withNamesTakenApart } from '../weight-layouts/joined-names.js';
import { CHECKPOINT_GROUP } from '../weight-layouts/keras-2-12-groups.js';
import { readLegacyHdf5 } from '../weight-layouts/read-legacy-hdf5.js';
import { readWeightsHdf5 } from '../weight-layouts/read-weights-hdf5.js';
import { readTextList } from '../weight-layouts/text-lists.js';
import { type KerasSource, OPTIMIZER_GROUPS } from './keras-source.js';
import { type WeightsFile, withWeightsFile } from './weights-file.js';

export interface ReadWeights extends Pick<KerasSource, 'base' | 'hasOptimizer' | 'graph'> {
  readonly layout: Exclude<KerasSource['layout'], 'checkpoint'>;
  readonly record: RetrofitRecord | undefined;
}

/** Finds the weights of a graph in an HDF5 file of either layout. No values are read. */
export function readWeights(opened: Hdf5File, graph: Graph): ReadWeights {
  const file = withNamesTakenApart(opened);
  const record = parseText(file, RECORD_KEY);
  const common = { record: parseRecord(record?.root) };
  const base = ['/model_weights', ''].find((group) => hasLayerNames(file, group));
  if (base !== undefined) {
    const hasOptimizer = file.has(OPTIMIZER_GROUPS['legacy-hdf5']);
    return { ...common, layout: 'legacy-hdf5', base, hasOptimizer, graph: readLegacyHdf5(file, graph, base) };
  }
  if (hasLayerGroups(file)) {
    const hasOptimizer = file.has(OPTIMIZER_GROUPS['weights-hdf5']);
    return { ...common, layout: 'weights-hdf5', base: '', hasOptimizer, graph: readWeightsHdf5(file, graph) };
  }
  throw inputError('bad-weights', 'the HDF5 file holds no weights of a Keras model', {
    where: { field: '/' },
    hint: 'give a file that Keras wrote: model.save("model.h5"), model.save_weights("model.weights.h5")',
  });
}

/** Tells whether an HDF5 file looks like weights of a model, in either layout. */
export const holdsWeights = (file: Hdf5File): boolean =>
  ['/model_weights', ''].some((group) => hasLayerNames(file, group)) || hasLayerGroups(withNamesTakenApart(file));

const hasLayerGroups = (file: Hdf5File): boolean =>
  ['/layers', '/vars', `/${CHECKPOINT_GROUP}`].some((path) => file.has(path));

// A layer may be called "model_weights" or "layers".
const hasLayerNames = (file: Hdf5File, group: string): boolean =>
  (group === '' || file.list('/').some(({ name, kind }) => `/${name}` === group && kind === 'group')) &&
  readTextList(file, group || '/', 'layer_names') !== undefined;

/** Parses the JSON of a root attribute; undefined where there is none. */
export function parseText(file: Hdf5File, attribute: string): JsonDocument | undefined {
  const text = file.readText('/', attribute);
  return text === undefined ? undefined : parseJsonIn(attribute, () => text);
}

/** Opens the values of tensors that lie in an HDF5 file. */
export const withHdf5Values = <T>(
  storage: Storage,
  weightsFile: WeightsFile,
  use: (values: TensorValues) => Promise<T>,
): Promise<T> =>
  withWeightsFile(storage, weightsFile, (file) => use({ chunks: (tensor) => tensorChunks(file, tensor) }));

function tensorChunks(file: Hdf5File, tensor: Tensor): AsyncIterable<Uint8Array> {
  const { source } = tensor;
  if (source.kind !== 'dataset') return changedValues(tensor, [], '');
  return changedValues(tensor, file.chunks(file.dataset(source.path)), source.path);
}
