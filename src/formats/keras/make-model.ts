import type { Container } from '../../containers.js';
import { inFile } from '../../errors.js';
import { getMember, type JsonDocument } from '../../json/json-value.js';
import { checkWeights } from '../../model/check-weights.js';
import type { Model, RetrofitRecord, Warning } from '../../model/model.js';
import type { FoundFile, Storage } from '../../storage/storage.js';
import { listWarnings } from '../carried-code.js';
import { raiseGraph } from '../dialects/raise-graph.js';
import type { CheckpointWeights } from '../saved-model/open-checkpoint.js';
import { type KerasSource, OPTIMIZER_GROUPS } from './keras-source.js';
import { readWeights, withHdf5Values } from './read-weights.js';
import { type WeightsFile, withWeightsFile } from './weights-file.js';

/** The parts of a Keras model, wherever its container keeps them. */
export interface KerasParts {
  readonly path: string;
  readonly container: Exclude<Container, 'tfjs'>;
  readonly topology: JsonDocument;
  /** Where the topology stands in its file, for messages. */
  readonly field: string;
  readonly trainingConfig: JsonDocument | undefined;
  /** The version of Keras that saved the model, where the file says it. */
  readonly kerasVersion: string | undefined;
  readonly weightsFile: WeightsFile;
  /** Weights that lie in no HDF5 file. */
  readonly weights?: CheckpointWeights | undefined;
  readonly archive: KerasSource['archive'];
  /** The record that the container itself holds. */
  readonly record: RetrofitRecord | undefined;
  readonly files: readonly FoundFile[];
  readonly ensureIntact?: Model['ensureIntact'];
}

/** Makes the document of a Keras model. The weights files are checked, no weight is read. */
export async function makeModel(storage: Storage, parts: KerasParts): Promise<Model> {
  const { weightsFile, topology, container, archive, trainingConfig, files, kerasVersion } = parts;
  const bare = raiseGraph(topology.root, parts.field);
  const read =
    parts.weights === undefined
      ? await withWeightsFile(storage, weightsFile, async (file) => readWeights(file, bare)).catch((error) => {
          throw inFile(error, weightsFile.file.path);
        })
      : { ...parts.weights.attach(bare), layout: parts.weights.layout, base: '', record: undefined };
  const isInLegacyOrder = 'isInLegacyOrder' in read && read.isInLegacyOrder;
  checkWeights(read.graph);
  const settings = { training_config: trainingConfig?.root };
  const warnings: Warning[] = [...listWarnings(read.graph, { model: topology.root, settings })];
  if ('warnings' in read) warnings.push(...read.warnings);
  if (read.hasOptimizer) {
    warnings.push({
      code: 'optimizer-dropped',
      message:
        'the state of the optimizer is left out of what is written: it would fit neither new weights nor another format',
      where: OPTIMIZER_GROUPS[read.layout],
    });
  }
  const source: KerasSource = {
    kind: 'keras',
    storage,
    weightsFile,
    layout: read.layout,
    base: read.base,
    hasOptimizer: read.hasOptimizer,
    isInLegacyOrder,
    graph: read.graph,
    topology,
    trainingConfig,
    archive,
  };
  return {
    path: parts.path,
    format: { container, dialect: read.graph.read!.dialect, weightLayout: read.layout },
    graph: read.graph,
    kerasVersion,
    trainingConfig: trainingConfig?.root ?? getMember(topology.root, 'compile_config'),
    record: parts.record ?? read.record,
    files,
    bytes: files.reduce((sum, file) => sum + file.byteLength, 0),
    warnings,
    ensureIntact: parts.ensureIntact,
    withValues: parts.weights?.withValues ?? ((use) => withHdf5Values(storage, weightsFile, use)),
    carried: source,
  };
}
