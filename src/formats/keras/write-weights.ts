import type { Dialect, Layer, Model, WeightLayout } from '../../model/model.js';
import type { TensorValues } from '../../model/tensor.js';
import type { Hdf5Editor, Hdf5File } from '../../storage/hdf5.js';
import type { PendingOutput } from '../../storage/storage.js';
import { checkInput } from '../dialects/new-entries.js';
import { isMisplaced, keras3Group } from '../weight-layouts/hdf5-weights.js';
import { withNamesTakenApart } from '../weight-layouts/joined-names.js';
import { CHECKPOINT_GROUP } from '../weight-layouts/keras-2-12-groups.js';
import { type LayerGroupMoves, planCopies, planMoves } from '../weight-layouts/layer-group-moves.js';
import { layerGroupPaths, modelPath } from '../weight-layouts/layer-group-paths.js';
import { findLostObjects, hasLost, hasNewWeights } from '../weight-layouts/lost-layers.js';
import { writeLegacyHdf5 } from '../weight-layouts/write-legacy-hdf5.js';
import { writeWeightsHdf5 } from '../weight-layouts/write-weights-hdf5.js';
import { copyObjects } from './copy-objects.js';
import { findKerasSource, type KerasSource, OPTIMIZER_GROUPS } from './keras-source.js';
import { withWeightsFile } from './weights-file.js';

export interface WeightsTarget {
  readonly name: string;
  readonly layout: Exclude<WeightLayout, 'tfjs-manifest' | 'checkpoint'>;
  /** For legacy files: the path of the group with the layers' groups; empty for the root. */
  readonly base: string;
}

export interface WrittenWeights {
  /** All that was read was copied unchanged. */
  readonly isCopied: boolean;
  /** Objects of the old file that the new one cannot hold; see `copyObjects`. */
  readonly lost: readonly string[];
}

/**
 * Writes the HDF5 file of a model's weights. From a file of the same layout unchanged data are copied by the kernel,
 * and only new or changed ones are written; its groups get their new names by an exchange of directory entries. Files
 * with an optimizer's state or with layers that are no more, or built otherwise than Keras builds them, are made anew,
 * one dataset after the other.
 * @param finish writes the rest of the file
 */
export async function writeWeights(
  model: Model,
  pending: PendingOutput,
  target: WeightsTarget,
  finish: (editor: Hdf5Editor) => void,
): Promise<WrittenWeights> {
  const source = findKerasSource(model);
  return model.withValues(async (values) => {
    if (source === undefined || source.layout !== target.layout || source.base !== target.base)
      return buildNew(model, pending, target, values, finish, source?.isInLegacyOrder);
    return target.layout === 'legacy-hdf5'
      ? changeLegacy(model, source, pending, target, values, finish)
      : changeLayerGroups(model, source, pending, target, values, finish);
  });
}

async function buildNew(
  { graph, format: { dialect } }: Model,
  pending: PendingOutput,
  { name, layout, base }: WeightsTarget,
  values: TensorValues,
  finish: (editor: Hdf5Editor) => void,
  keepsOrder = false,
): Promise<WrittenWeights> {
  // Keras would build no layer of it, and find no place for their weights.
  if (graph.kind === 'sequential') checkInput(graph.layers[0]!);
  await pending.buildHdf5(name, async (editor) => {
    if (layout === 'legacy-hdf5')
      await writeLegacyHdf5(editor, graph, { base, before: undefined, dialect, values, keepsOrder });
    else {
      const writing = {
        places: layerGroupPaths(graph),
        before: undefined,
        moved: (path: string) => path,
        dialect,
        values,
      };
      await writeWeightsHdf5(editor, graph, writing);
    }
    finish(editor);
  });
  return { isCopied: false, lost: [] };
}

async function changeLegacy(
  { graph, format: { dialect } }: Model,
  source: KerasSource,
  pending: PendingOutput,
  { name, base }: WeightsTarget,
  values: TensorValues,
  finish: (editor: Hdf5Editor) => void,
): Promise<WrittenWeights> {
  const { file } = source.weightsFile;
  const change = async (editor: Hdf5Editor) => {
    await writeLegacyHdf5(editor, graph, { base, before: source.graph, dialect, values });
    finish(editor);
  };
  const isKept = !source.hasOptimizer && !hasLost(source.graph, graph);
  if (isKept && (await source.storage.canEditHdf5(file, ['/', base || '/']))) {
    await pending.copy(file, name);
    await pending.editHdf5(name, change);
    return { isCopied: true, lost: [] };
  }
  let lost: readonly string[] = [];
  await pending.buildHdf5(name, async (editor) => {
    lost = await source.storage.withHdf5(file, (file) => {
      const isLost = findLostObjects(file, source.graph, graph, base);
      return copyObjects(file, editor, '/', '/', (path) => path === OPTIMIZER_GROUPS['legacy-hdf5'] || isLost(path));
    });
    await change(editor);
  });
  return { isCopied: false, lost };
}

async function changeLayerGroups(
  { graph, format: { dialect } }: Model,
  source: KerasSource,
  pending: PendingOutput,
  { name }: WeightsTarget,
  values: TensorValues,
  finish: (editor: Hdf5Editor) => void,
): Promise<WrittenWeights> {
  const { storage, weightsFile, graph: before } = source;
  const { moves, isOfCheckpoint } = await withWeightsFile(storage, weightsFile, async (opened) => {
    const file = withNamesTakenApart(opened);
    const isOld = file.has(`/${CHECKPOINT_GROUP}`);
    return { moves: (isOld ? planCopies : planMoves)(file, before, graph), isOfCheckpoint: isOld };
  });
  const groups = moves.renamings.map((renaming) => renaming.group);
  const isWhole = !isOfCheckpoint && !weightsFile.shards && !source.hasOptimizer && !hasLost(before, graph);
  const isKept = isWhole && ![...moves.places.keys()].some((layer) => isMisplaced(layer, dialect));
  if (isKept && (await storage.canEditHdf5(weightsFile.file, ['/', ...groups]))) {
    await pending.copy(weightsFile.file, name);
    await pending.editHdf5(name, async (editor) => {
      for (const path of moves.placeholders) editor.makeGroup(path);
      await writeWeightsHdf5(editor, graph, { places: moves.places, before, moved: (path) => path, dialect, values });
      finish(editor);
    });
    await pending.renameInHdf5(name, moves.renamings);
    return { isCopied: true, lost: [] };
  }
  const places = layerGroupPaths(graph);
  const moved = movedPaths(moves, places);
  let lost: readonly string[] = [];
  await pending.buildHdf5(name, async (editor) => {
    lost = await withWeightsFile(storage, weightsFile, (file) =>
      rebuild(withNamesTakenApart(file), editor, moves, places, dialect),
    );
    await writeWeightsHdf5(editor, graph, { places, before, moved, dialect, values });
    finish(editor);
  });
  return { isCopied: false, lost };
}

/** Copies all that a file holds to the places it is to have, but for the optimizer's state. */
async function rebuild(
  file: Hdf5File,
  editor: Hdf5Editor,
  moves: LayerGroupMoves,
  places: ReadonlyMap<Layer, string>,
  dialect: Dialect,
): Promise<readonly string[]> {
  const isLayersGroup = (path: string, holder: string) =>
    path === `${holder}/layers` || path === `${holder}/${CHECKPOINT_GROUP}`;
  const isElsewhere = (path: string) => path === OPTIMIZER_GROUPS['weights-hdf5'] || isLayersGroup(path, '');
  const lost = [...(await copyObjects(file, editor, '/', '/', isElsewhere))];
  for (const [layer, from] of moves.places) {
    if (!file.has(from)) continue;
    const elsewhere = isMisplaced(layer, dialect) ? layer.weights.map((weight) => keras3Group(layer, weight)) : [];
    const isLeft = (path: string) =>
      layer.graph === undefined
        ? (hasNewWeights(layer) && path.startsWith(`${from}/vars/`)) || elsewhere.includes(path)
        : isLayersGroup(path, modelPath(layer, from));
    lost.push(...(await copyObjects(file, editor, from, places.get(layer)!, isLeft)));
  }
  return lost;
}

/** Maps the paths of datasets in the old file to the new one: below their layer's new place. */
function movedPaths(moves: LayerGroupMoves, places: ReadonlyMap<unknown, string>): (path: string) => string {
  const byOldPlace = new Map([...moves.places].map(([layer, place]) => [place, places.get(layer)!]));
  return (stored) => {
    // The path that a joined name means.
    const path = stored.startsWith(`/${CHECKPOINT_GROUP}`) ? stored.replaceAll('\\', '/') : stored;
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const place = byOldPlace.get(path.slice(0, end));
      if (place !== undefined) return place + path.slice(end);
    }
    return path;
  };
}
