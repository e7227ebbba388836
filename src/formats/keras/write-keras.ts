import { serializeJson } from '../../json/serialize-json.js';
import { resolveGraph } from '../../model/graph-nodes.js';
import { type Dialect, listGraphs, type Model } from '../../model/model.js';
import { parseRecord, RECORD_KEY, recordJson } from '../../model/record.js';
import type { Hdf5Editor, TextKind } from '../../storage/hdf5.js';
import type { PendingOutput } from '../../storage/storage.js';
import { ENCODED, findTextKind, NOT_ENCODED, writeJsonText } from '../weight-layouts/text-kinds.js';
import type { OnProgress, OutputFiles, WrittenFiles } from '../written-files.js';
import { findKerasSource } from './keras-source.js';
import { KERAS_VERSIONS } from './keras-versions.js';
import { newTopology, newTrainingConfig } from './new-topology.js';
import { parseText } from './read-weights.js';
import { type WrittenWeights, writeWeights } from './write-weights.js';
import { listMembers } from './zip-members.js';

type WriteContainer = (
  topology: string,
  layout: Layout,
) => Promise<WrittenWeights & { readonly names: readonly string[] }>;

type Layout = 'legacy-hdf5' | 'weights-hdf5';

/** Writes a model as Keras keeps it, in one of its containers. */
async function writeKeras(
  model: Model,
  pending: PendingOutput,
  place: OutputFiles,
  onProgress: OnProgress,
  writeContainer: WriteContainer,
): Promise<WrittenFiles> {
  for (const { graph } of listGraphs(model.graph)) resolveGraph(graph);
  const document = newTopology(model);
  const topology = serializeJson(document);
  const layout = place.format.weightLayout === 'legacy-hdf5' ? 'legacy-hdf5' : 'weights-hdf5';
  const { names, isCopied, lost } = await writeContainer(topology, layout);
  const files: { name: string; byteLength: number }[] = [];
  for (const name of names) files.push({ name, byteLength: await pending.byteLength(name) });
  const total = files.reduce((sum, file) => sum + file.byteLength, 0);
  onProgress(total, total);
  return { files, architecture: { topology: document.root }, isIntact: isCopied, lost };
}

type Writer = (...of: [Model, PendingOutput, OutputFiles, OnProgress]) => Promise<WrittenFiles>;

/** Writes a `.h5` file: architecture, compile settings and weights. */
export const writeKerasH5: Writer = (model, pending, place, onProgress) =>
  writeKeras(model, pending, place, onProgress, async (topology, layout) => {
    const name = place.modelName;
    const target = { name, layout, base: '/model_weights' } as const;
    const written = await writeWeights(model, pending, target, (editor) => finishWhole(editor, model, topology));
    return { ...written, names: [name] };
  });

/** Writes the JSON of the architecture, and the weights beside it. */
export const writeKerasJson: Writer = (model, pending, place, onProgress) =>
  writeKeras(model, pending, place, onProgress, async (topology, layout) => {
    const name = place.weightsName!;
    const target = { name, layout, base: findKerasSource(model)?.base ?? '' } as const;
    const finish = (editor: Hdf5Editor) => finishWeights(editor, model, layout, topology);
    const written = await writeWeights(model, pending, target, finish);
    await pending.write(place.modelName, [new TextEncoder().encode(topology)]);
    return { ...written, names: [place.modelName, name] };
  });

/** Writes a `.keras` archive. */
export const writeKerasZip: Writer = (model, pending, place, onProgress) =>
  writeKeras(model, pending, place, onProgress, async (topology, layout) => {
    let written: WrittenWeights | undefined;
    const build = async (name: string): Promise<void> => {
      written = await writeWeights(model, pending, { name, layout, base: '' }, () => {});
    };
    await pending.writeZip(place.modelName, await listMembers(model, topology, build));
    return { ...written!, names: [place.modelName] };
  });

/** A whole model in one file: its architecture and compile settings are attributes. */
function finishWhole(editor: Hdf5Editor, model: Model, topology: string): void {
  writeJson(editor, 'model_config', topology);
  const trainingConfig = newTrainingConfig(model);
  if (trainingConfig !== undefined) writeJson(editor, 'training_config', serializeJson(trainingConfig));
  stamp(editor, '/', model.format.dialect, NOT_ENCODED);
  stamp(editor, '/model_weights', model.format.dialect, ENCODED);
  record(editor, model);
}

function finishWeights(editor: Hdf5Editor, model: Model, layout: string, topology: string): void {
  // A whole model may serve as the weights of an architecture: its own description must not be stale.
  if (editor.listAttributes('/').includes('model_config')) writeJson(editor, 'model_config', topology);
  if (layout === 'legacy-hdf5') stamp(editor, findKerasSource(model)?.base || '/', model.format.dialect, ENCODED);
  record(editor, model);
}

/** Stamps the backend and the version of Keras: loaders look for them beside the weights. */
function stamp(editor: Hdf5Editor, group: string, dialect: Dialect, newKind: TextKind): void {
  const known = editor.listAttributes(group);
  const kind = findTextKind(editor, [group, 'backend'], [group, 'keras_version']) ?? newKind;
  if (!known.includes('backend')) editor.writeText(group, 'backend', 'tensorflow', kind);
  if (!known.includes('keras_version')) editor.writeText(group, 'keras_version', KERAS_VERSIONS[dialect], kind);
}

/** Writes a root attribute as the file keeps its JSON already. */
const writeJson = (editor: Hdf5Editor, attribute: string, json: string): void =>
  writeJsonText(editor, attribute, json, findTextKind(editor, ['/', attribute], ['/', 'model_config']) ?? ENCODED);

/** A record that no longer holds goes; one of another version is not ours to take away. */
function record(editor: Hdf5Editor, { record: recorded }: Model): void {
  if (recorded !== undefined)
    writeJson(editor, RECORD_KEY, serializeJson({ lead: '', trail: '', root: recordJson(recorded) }));
  else if (parseRecord(parseText(editor, RECORD_KEY)?.root) !== undefined) editor.removeAttribute('/', RECORD_KEY);
}
