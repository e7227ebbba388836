import {
  fromPlain,
  getMember,
  type JsonArray,
  type JsonObject,
  stringOf,
  withMember,
  withoutMember,
} from '../../json/json-value.js';
import { serializeJson } from '../../json/serialize-json.js';
import { resolveGraph } from '../../model/graph-nodes.js';
import { freeName, listGraphs, type Model } from '../../model/model.js';
import { writeRecord } from '../../model/record.js';
import { hasNewValues, type Tensor } from '../../model/tensor.js';
import { mapWithConcurrency } from '../../storage/map-with-concurrency.js';
import type { PendingOutput } from '../../storage/storage.js';
import { lowerGraph } from '../dialects/lower-graph.js';
import { changedValues } from '../values/changed-values.js';
import { scaleFloat16 } from '../values/float16.js';
import { placeChunks, readChunks, type WeightReader, withWeightReader } from '../values/weight-reader.js';
import type { OnProgress, WrittenFiles } from '../written-files.js';
import { appendedBytes, appendedLength } from './appended-weights.js';
import { listTensors } from './list-tensors.js';
import { planGroups, type StoredFile, type StoredGroup } from './plan-groups.js';
import { tfjsValues } from './read-values.js';
import { releaseConstraints } from './release-constraints.js';
import { architectureIn, type TfjsSource } from './tfjs-source.js';
import { type AddedGroup, newManifest } from './write-manifest.js';

/** Weight files that are copied at the same time. */
const FILES_AT_ONCE = 2;

/**
 * Writes a model that was read from TensorFlow.js into a pending folder. Weight files are copied by the kernel, tensors
 * that were doubled or have new values patched in the copies, and the modules' weights go into one group and file of
 * their own, as do those of a new head.
 */
export async function writeTfjs(
  model: Model,
  pending: PendingOutput,
  modelName: string,
  onProgress: OnProgress,
): Promise<WrittenFiles> {
  const source = model.carried as TfjsSource;
  for (const { graph } of listGraphs(model.graph)) resolveGraph(graph);

  return withWeightReader(source.storage, source.files, async (reader) => {
    const { groups, appended, head } = await planGroups(source, reader, listTensors(model));
    const stored = groups.flatMap((group) => group.files);
    const total = stored.reduce((sum, file) => sum + file.byteLength, 0);
    const files = stored.map(({ path, byteLength }) => ({ name: path, byteLength }));
    let done = 0;
    const writeFile = async (file: StoredFile) => {
      if (file.isPrefix) await pending.copy(file.source, file.path, file.byteLength);
      else await pending.write(file.path, readChunks(reader, file.kept));
      done += file.byteLength;
      onProgress(done, total);
    };
    await mapWithConcurrency(stored, FILES_AT_ONCE, writeFile);
    for (const group of groups) await patchRewritten(reader, group, pending);

    const added = [
      { file: freeFile(source, modelName, 'se_modules'), tensors: appended },
      { file: freeFile(source, modelName, 'se_head'), tensors: head },
    ].filter(({ tensors }) => tensors.length > 0);
    for (const { file, tensors } of added) {
      await pending.write(file, appendedBytes(tensors));
      files.push({ name: file, byteLength: appendedLength(tensors) });
    }
    const { model: released, warnings } = await releaseConstraints(model, tfjsValues(reader), hasNewValues);
    const root = newRoot(released, source, groups, added);
    const text = new TextEncoder().encode(serializeJson({ ...source.document, root }));
    await pending.write(modelName, [text]);
    return {
      files: [{ name: modelName, byteLength: text.byteLength }, ...files],
      architecture: architectureIn(root),
      warnings,
    };
  });
}

async function patchRewritten(reader: WeightReader, group: StoredGroup, pending: PendingOutput): Promise<void> {
  for (const { spec, tensor } of group.rewritten) {
    const stored = readChunks(reader, spec.ranges);
    const chunks =
      tensor.quantization === undefined ? changedValues(tensor, stored, spec.name) : scaledHalves(tensor, stored);
    for await (const { range, bytes } of placeChunks(spec.ranges, chunks)) {
      await pending.patch(range.file, group.relocate(range), bytes);
    }
  }
}

async function* scaledHalves(tensor: Tensor, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const bytes of chunks) {
    scaleFloat16(bytes, tensor.exponent);
    yield bytes;
  }
}

function freeFile({ files }: TfjsSource, modelName: string, wanted: string): string {
  const taken = new Set([
    modelName.toLowerCase(),
    ...[...files.keys()].map((path) => path.replace(/^(\.\/)+/, '').toLowerCase()),
  ]);
  return `${freeName(wanted, (name) => taken.has(`${name}.bin`))}.bin`;
}

function newRoot(
  model: Model,
  source: TfjsSource,
  groups: readonly StoredGroup[],
  added: readonly AddedGroup[],
): JsonObject {
  const { className, config } = lowerGraph(model.graph, 'keras2');
  const topology = source.topology as JsonObject;
  const renamed =
    className === stringOf(getMember(topology, 'class_name'))
      ? topology
      : withMember(topology, 'class_name', fromPlain(className));
  const lowered = withMember(renamed, 'config', config);
  const before = getMember(source.root, 'modelTopology') as JsonObject;
  let wrapper = source.isWrapped ? withMember(before, 'model_config', lowered) : lowered;
  let root = source.root;
  if (model.trainingConfig !== undefined) {
    if (getMember(root, 'trainingConfig') !== undefined)
      root = withMember(root, 'trainingConfig', model.trainingConfig);
    else wrapper = withMember(wrapper, 'training_config', model.trainingConfig);
  } else root = withoutMember(root, 'trainingConfig');
  root = withMember(root, 'modelTopology', wrapper);
  root = withMember(
    root,
    'weightsManifest',
    newManifest(getMember(root, 'weightsManifest') as JsonArray, groups, added),
  );
  const metadata = writeRecord(getMember(root, 'userDefinedMetadata'), model.record);
  return metadata === undefined
    ? withoutMember(root, 'userDefinedMetadata')
    : withMember(root, 'userDefinedMetadata', metadata);
}
