import { inFile, inputError } from '../../errors.js';
import {
  getMember,
  isObject,
  type JsonDocument,
  type JsonObject,
  stringOf,
  withMember,
} from '../../json/json-value.js';
import { checkWeights } from '../../model/check-weights.js';
import { type Graph, listGraphs, type Model, type Warning } from '../../model/model.js';
import { readRecord } from '../../model/record.js';
import type { FindOptions, FoundFile, Storage } from '../../storage/storage.js';
import { listWarnings } from '../carried-code.js';
import { raiseGraph } from '../dialects/raise-graph.js';
import type { FileContent } from '../find/file-content.js';
import { readManifest } from '../weight-layouts/tfjs-manifest.js';
import { attachWeights } from './attach-weights.js';
import { findMisnumbered, MISNUMBERED } from './built-order.js';
import { locateWeights } from './locate-weights.js';
import { withTfjsValues } from './read-values.js';
import { inSnakeCase } from './snake-case.js';
import { findTopology, type TfjsSource } from './tfjs-source.js';

/**
 * Reads a TensorFlow.js layers model: model.json whole, its weight files only by their sizes.
 * Source: `loadLayersModelFromIOHandler` in tfjs-layers 4.22 (src/models.ts).
 */
export async function readTfjs(storage: Storage, { file, json }: FileContent, options: FindOptions): Promise<Model> {
  try {
    return await readDocument(storage, file, json!, options);
  } catch (error) {
    throw inFile(error, file.path);
  }
}

async function readDocument(
  storage: Storage,
  modelFile: FoundFile,
  document: JsonDocument,
  options: FindOptions,
): Promise<Model> {
  if (!isObject(document.root)) throw notLayersModel('it is not a JSON object', '');
  const root = withSnakeCase(document.root);
  const format = stringOf(getMember(root, 'format'));
  if (format !== undefined && format !== 'layers-model') refuseFormat(format);
  const found = getMember(root, 'modelTopology');
  if (!isObject(found)) throw notLayersModel('there is no "modelTopology"', 'modelTopology');
  if (getMember(found, 'node') !== undefined || getMember(found, 'library') !== undefined) refuseFormat('graph-model');

  const { topology, isWrapped } = findTopology(found);
  const bare = raiseGraph(topology, isWrapped ? 'modelTopology.model_config' : 'modelTopology');
  refuseMisnumbered(bare);
  const groups = readManifest(getMember(root, 'weightsManifest'));
  const { located, files } = await locateWeights(storage, modelFile, groups, options);
  const graph = attachWeights(bare, located);
  checkWeights(graph);

  // TensorFlow.js saves them beside the topology; the converter leaves them inside, where the loader ignores them.
  const trainingConfig = getMember(root, 'trainingConfig');
  const unread = getMember(found, 'training_config');
  const settings = { trainingConfig, training_config: isWrapped ? unread : undefined };
  const warnings: Warning[] = [...listWarnings(graph, { model: topology, settings })];
  const optimizer = located.flatMap((group) => group.specs).filter((spec) => spec.isOptimizer);
  if (optimizer.length > 0) {
    warnings.push({
      code: 'optimizer-dropped',
      message: `the state of the optimizer (${optimizer.length} tensors) is left out of what is written: it would fit neither new weights nor another format`,
      where: optimizer[0]!.field,
    });
  }
  const source: TfjsSource = {
    kind: 'tfjs',
    storage,
    modelFile,
    document,
    root,
    topology,
    isWrapped,
    groups: located,
    files,
  };
  return {
    path: modelFile.path,
    format: { container: 'tfjs', dialect: graph.read!.dialect, weightLayout: 'tfjs-manifest' },
    graph,
    trainingConfig: trainingConfig ?? unread,
    record: readRecord(getMember(root, 'userDefinedMetadata')),
    files: [modelFile, ...files.values()],
    bytes: [...files.values()].reduce((sum, file) => sum + file.byteLength, modelFile.byteLength),
    warnings,
    withValues: (use) => withTfjsValues(source, use),
    carried: source,
  };
}

/** What TensorFlow.js computes is not what the file says, and nobody knows which of them was meant. */
function refuseMisnumbered(root: Graph): void {
  for (const { graph } of listGraphs(root)) {
    const layer = findMisnumbered(graph);
    if (layer === undefined) continue;
    throw inputError('bad-graph', `the layer ${MISNUMBERED}, and computes something else than the file says`, {
      where: { layer, field: 'inbound_nodes' },
      hint: 'start from the Keras model that it was made from',
    });
  }
}

/** The architecture as everybody spells it. */
function withSnakeCase(root: JsonObject): JsonObject {
  const found = getMember(root, 'modelTopology');
  if (!isObject(found)) return root;
  const { topology, isWrapped } = findTopology(found);
  const spelt = isWrapped
    ? withMember(found, 'model_config', inSnakeCase(topology, 'modelTopology.model_config'))
    : inSnakeCase(found, 'modelTopology');
  return withMember(root, 'modelTopology', spelt);
}

function refuseFormat(format: string): never {
  throw inputError(
    format === 'graph-model' ? 'graph-model' : 'unknown-format',
    format === 'graph-model'
      ? 'this is a TensorFlow.js graph model: its layers were dissolved into operations when it was converted'
      : `the format ${JSON.stringify(format)} is not known`,
    {
      where: { field: 'format' },
      hint: 'convert the original Keras model again as a layers model (tensorflowjs_converter --output_format=tfjs_layers_model)',
    },
  );
}

function notLayersModel(message: string, field: string) {
  return inputError('not-a-model', `this is not a TensorFlow.js layers model: ${message}`, {
    where: { field },
    hint: 'give the model.json that TensorFlow.js or its converter wrote',
  });
}
