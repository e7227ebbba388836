import { serializeJson } from '../../json/serialize-json.js';
import { resolveGraph } from '../../model/graph-nodes.js';
import { type Dialect, listGraphs, type Model } from '../../model/model.js';
import { parseRecord, recordJson } from '../../model/record.js';
import type { Hdf5Editor, TextKind } from '../../storage/hdf5.js';
import type { PendingOutput } from '../../storage/storage.js';
import type { OutputPlace } from '../output-place.js';
import { ENCODED, findTextKind, NOT_ENCODED, writeJsonText } from '../weight-layouts/text-kinds.js';
import type { OnProgress, WrittenFiles } from '../written-files.js';
import { findKerasSource } from './keras-source.js';
import { KERAS_VERSIONS } from './keras-versions.js';
import { newTopology, newTrainingConfig } from './new-topology.js';
import { parseText, RECORD_ATTRIBUTE } from './read-weights.js';
import { type WrittenWeights, writeWeights } from './write-weights.js';
import { listMembers } from './zip-members.js';

/** Writes a model as Keras keeps it, in any of its containers. */
export async function writeKeras(
  model: Model,
  pending: PendingOutput,
  place: OutputPlace,
  onProgress: OnProgress,
): Promise<WrittenFiles> {
  for (const { graph } of listGraphs(model.graph)) resolveGraph(graph);
  const document = newTopology(model);
  const topology = serializeJson(document);
  const { names, isCopied, lost } = await writeContainer(model, pending, place, topology);
  const files: { name: string; byteLength: number }[] = [];
  for (const name of names) files.push({ name, byteLength: await pending.byteLength(name) });
  const total = files.reduce((sum, file) => sum + file.byteLength, 0);
  onProgress(total, total);
  return { files, architecture: { topology: document.root }, isIntact: isCopied, lost };
}

async function writeContainer(
  model: Model,
  pending: PendingOutput,
  place: OutputPlace,
  topology: string,
): Promise<WrittenWeights & { readonly names: readonly string[] }> {
  const { modelName, weightsName } = place;
  const layout = place.format.weightLayout === 'legacy-hdf5' ? 'legacy-hdf5' : 'weights-hdf5';
  switch (place.format.container) {
    case 'keras-h5': {
      const written = await writeWeights(
        model,
        pending,
        { name: modelName, layout, base: '/model_weights' },
        (editor) => finishWhole(editor, model, topology),
      );
      return { ...written, names: [modelName] };
    }
    case 'keras-json': {
      const base = findKerasSource(model)?.base ?? '';
      const written = await writeWeights(model, pending, { name: weightsName!, layout, base }, (editor) =>
        finishWeights(editor, model, layout, topology),
      );
      await pending.write(modelName, [new TextEncoder().encode(topology)]);
      return { ...written, names: [modelName, weightsName!] };
    }
    case 'keras-zip': {
      let written: WrittenWeights | undefined;
      const build = async (name: string): Promise<void> => {
        written = await writeWeights(model, pending, { name, layout, base: '' }, () => {});
      };
      await pending.writeZip(modelName, await listMembers(model, topology, build));
      return { ...written!, names: [modelName] };
    }
    case 'tfjs':
      throw new Error('TensorFlow.js models have a writer of their own');
  }
}

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
  // A whole model may serve as the weights of an architecture: what it says of itself must not be stale.
  if (editor.listAttributes('/').includes('model_config')) writeJson(editor, 'model_config', topology);
  if (layout === 'legacy-hdf5') stamp(editor, findKerasSource(model)?.base || '/', model.format.dialect, ENCODED);
  record(editor, model);
}

/** Who wrote the file: loaders ask for it where the weights are. */
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
    writeJson(editor, RECORD_ATTRIBUTE, serializeJson({ lead: '', trail: '', root: recordJson(recorded) }));
  else if (parseRecord(parseText(editor, RECORD_ATTRIBUTE)?.root) !== undefined)
    editor.removeAttribute('/', RECORD_ATTRIBUTE);
}
