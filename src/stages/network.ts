import type { Graph, Layer, Warning } from '../model/model.js';
import type { BlockKind, FoundBlock } from './block.js';
import { findConcatenations, findDenseBlocks, findInceptionModules } from './concatenations.js';
import { findConvUnits, findLooseConvolutions, hasSeparablePairs, type PassedOver } from './conv-units.js';
import type { ExistingModule } from './existing-modules.js';
import { area, channelsAxisOf, type GraphView, listViews, type Stride, strideOf, viewGraph } from './graph-view.js';
import { findLinearBottlenecks } from './linear-bottlenecks.js';
import { findEnds } from './output-makers.js';
import { findResidualUnits } from './residual-units.js';

/** A block with its place in the network. Calls of shared layers make one block with several occurrences. */
export interface Block {
  readonly kind: BlockKind;
  readonly stage: number;
  /** Its rank within its stage, from 1. */
  readonly number: number;
  readonly occurrences: readonly [FoundBlock, ...FoundBlock[]];
  /** The SE module it holds already. */
  readonly module: ExistingModule | undefined;
}

export interface Stage {
  readonly stage: number;
  readonly stride: number;
  readonly size: readonly (number | null)[];
  readonly channels: number | null;
  readonly blocks: readonly Block[];
}

export interface ModulePlace {
  readonly view: GraphView;
  readonly module: ExistingModule;
  readonly stage: number;
  readonly block: number | null;
}

/** Structure of a network: its stages, blocks, and the modules already in it. */
export interface Network {
  readonly view: GraphView;
  readonly stages: readonly Stage[];
  readonly blocks: readonly Block[];
  readonly modules: readonly ModulePlace[];
  readonly passedOver: readonly (PassedOver & { readonly stage: number })[];
  readonly warnings: readonly Warning[];
  /** The stage of a tensor with this cumulative stride. */
  readonly stageOf: (stride: Stride) => number;
}

/** Finds the stages and blocks of a model, nested models included. */
export function findNetwork(graph: Graph): Network {
  const view = viewGraph(graph);
  const views = [...listViews(view)];
  const { found, passedOver } = findBlocks(views);
  const strides = [...new Set(views.flatMap(convolutionAreas))].sort((left, right) => left - right);
  const stageOf = (stride: Stride): number =>
    Math.max(1, strides.filter((candidate) => candidate <= area(stride)).length);

  const blocks = number(groupTwins(inForwardOrder(view, found)), stageOf);
  return {
    view,
    blocks,
    stages: strides.map((_, index) => describeStage(index + 1, views, blocks, stageOf)),
    modules: views.flatMap((inner) => inner.modules.map((module) => placeModule(inner, module, blocks, stageOf))),
    passedOver: passedOver.map((passed) => ({
      ...passed,
      stage: stageOf(strideOf(passed.view, { node: passed.node, tensor: 0 })),
    })),
    warnings: view.mixedResolutions.map((name) => ({
      code: 'mixed-resolutions',
      message: 'this nested model is called at several resolutions; its stages are those of its first call',
      where: name,
    })),
    stageOf,
  };
}

const isOwnConvolution = (view: GraphView, id: number) =>
  view.facts[id]!.role === 'convolution' && view.convolutions[id] === 1;

const convolutionAreas = (view: GraphView): readonly number[] =>
  view.nodes.flatMap(({ id }) => (isOwnConvolution(view, id) ? [area(strideOf(view, { node: id, tensor: 0 }))] : []));

function findBlocks(views: readonly GraphView[]): { found: readonly FoundBlock[]; passedOver: readonly PassedOver[] } {
  const ends = findEnds(views[0]!);
  const units = views.map((view) => {
    const concatenations = findConcatenations(view);
    const residual = findResidualUnits(view, concatenations, ends);
    const inBranch = new Set(residual.flatMap((block) => [...block.nodes]));
    const isInBranch = (node: number) => inBranch.has(node);
    const inception = findInceptionModules(view, concatenations, isInBranch, ends);
    const dense = findDenseBlocks(view, concatenations, isInBranch);
    return { view, residual, others: [...inception, ...dense] };
  });
  // An inception module's branches are a few layers: models with blocks of their own, joined, are an ensemble.
  const withBlocks = new Set(
    units.filter(({ residual, others }) => residual.length + others.length > 0).map(({ view }) => view),
  );
  const isEnsemble = (block: FoundBlock) => nestedViews(block).some((nested) => withBlocks.has(nested));
  // A unit's branch may be a model of its own: that is one block, not two.
  const owned = new Set(units.flatMap(({ residual }) => residual.flatMap(nestedViews)));
  const hasResidual = units.some(({ residual }) => residual.length > 0);
  const perView = units.map(({ view, residual, others }) => {
    const known = [...residual, ...others.filter((block) => !isEnsemble(block))];
    return {
      view,
      blocks: hasResidual && !owned.has(view) ? [...known, ...findLinearBottlenecks(view, known)] : known,
    };
  });
  const found = perView.flatMap(({ blocks }) => blocks);
  if (found.length > 0) {
    const passedOver = perView.flatMap(({ view, blocks }) =>
      blocks.length === 0 ? [] : findLooseConvolutions(view, blocks, ends),
    );
    return { found, passedOver };
  }
  const pairsOnly = views.some(hasSeparablePairs);
  const conv = views.map((view) => findConvUnits(view, pairsOnly, ends));
  return { found: conv.flatMap((unit) => unit.blocks), passedOver: conv.flatMap((unit) => unit.passedOver) };
}

const nestedViews = (block: FoundBlock): readonly GraphView[] =>
  [...block.nodes].flatMap((id) => {
    const inner = block.view.inner.get(block.view.nodes[id]!.layer);
    return inner === undefined ? [] : [...listViews(inner)];
  });

/** Blocks in the order in which the network computes them, nested models where they are first called. */
function inForwardOrder(view: GraphView, found: readonly FoundBlock[]): readonly FoundBlock[] {
  const byEnd = new Map<GraphView, Map<number, FoundBlock>>();
  for (const block of found) {
    const ends = byEnd.get(block.view) ?? new Map<number, FoundBlock>();
    byEnd.set(block.view, ends.set(block.end, block));
  }
  const ordered: FoundBlock[] = [];
  const walk = (current: GraphView): void => {
    const visited = new Set<Layer>();
    for (const node of current.nodes) {
      const inner = current.inner.get(node.layer);
      if (inner !== undefined && !visited.has(node.layer)) {
        visited.add(node.layer);
        walk(inner);
      }
      const block = byEnd.get(current)?.get(node.id);
      if (block !== undefined) ordered.push(block);
    }
  };
  walk(view);
  return ordered;
}

/** Blocks that are calls of the same shared layers, as one: they share one module, or twins would part in training. */
function groupTwins(found: readonly FoundBlock[]): readonly (readonly [FoundBlock, ...FoundBlock[]])[] {
  const groups: [FoundBlock, ...FoundBlock[]][] = [];
  const shared = new Map<string, [FoundBlock, ...FoundBlock[]]>();
  const sharing = new Set([...new Set(found.map(({ view }) => view))].filter(hasSharedWeights));
  for (const block of found) {
    const key = sharing.has(block.view) ? sharedKey(block) : undefined;
    const twins = key === undefined ? undefined : shared.get(key);
    if (twins !== undefined) {
      twins.push(block);
      continue;
    }
    const group: [FoundBlock] = [block];
    groups.push(group);
    if (key !== undefined) shared.set(key, group);
  }
  return groups;
}

const hasSharedWeights = (view: GraphView): boolean =>
  view.graph.layers.some((layer) => layer.calls.length > 1 && layer.weights.length > 0);

/** The layers with weights that a block's features come from, if every one of them is called more than once. */
function sharedKey(block: FoundBlock): string | undefined {
  const { view } = block;
  const names = new Set<string>();
  const seen = new Set([block.standard.node]);
  for (const id of seen) {
    const { layer, inputs } = view.nodes[id]!;
    if (layer.weights.length > 0) {
      if (layer.calls.length === 1) return undefined;
      names.add(layer.name);
    } else if (layer.graph !== undefined || !block.nodes.has(id)) {
      return undefined;
    } else {
      for (const input of inputs) seen.add(input.node);
    }
  }
  return names.size === 0 ? undefined : JSON.stringify([view.path, [...names]]);
}

function number(
  groups: readonly (readonly [FoundBlock, ...FoundBlock[]])[],
  stageOf: (stride: Stride) => number,
): readonly Block[] {
  const counts = new Map<number, number>();
  return groups.map((occurrences) => {
    const [first] = occurrences;
    const stage = stageOf(first.stride);
    const rank = (counts.get(stage) ?? 0) + 1;
    counts.set(stage, rank);
    return { kind: first.kind, stage, number: rank, occurrences, module: occurrences.map(moduleOf).find(Boolean) };
  });
}

/** The module that a block holds: inside it, in a model nested in it, or on its output. */
function moduleOf(block: FoundBlock): ExistingModule | undefined {
  const { view, nodes } = block;
  const own = view.modules.find(
    (module) => nodes.has(module.scale) || module.features === block.end || module.features === block.post.node,
  );
  if (own !== undefined) return own;
  return nestedViews(block).flatMap((nested) => nested.modules)[0];
}

function placeModule(
  view: GraphView,
  module: ExistingModule,
  blocks: readonly Block[],
  stageOf: (stride: Stride) => number,
): ModulePlace {
  const block = blocks.find((candidate) => candidate.module === module);
  return {
    view,
    module,
    stage: block?.stage ?? stageOf(strideOf(view, { node: module.features, tensor: 0 })),
    block: block?.number ?? null,
  };
}

/** A stage is described by its last block, or by its last convolution where it has no block. */
function describeStage(
  stage: number,
  views: readonly GraphView[],
  all: readonly Block[],
  stageOf: (stride: Stride) => number,
): Stage {
  const blocks = all.filter((block) => block.stage === stage);
  const last = blocks.at(-1)?.occurrences[0];
  // A strided unit of ResNet v2 ends at the next resolution: the stage's own is that of its input.
  const ends = last === undefined ? [] : [last.standard, last.pre].filter((place) => place !== undefined);
  const end = ends.find((place) => stageOf(strideOf(last!.view, place)) === stage);
  if (last !== undefined && end !== undefined) return { stage, ...featuresOf(last.view, end.node, end.tensor), blocks };
  for (const view of views) {
    const node = view.nodes.findLast(
      ({ id }) => isOwnConvolution(view, id) && stageOf(strideOf(view, { node: id, tensor: 0 })) === stage,
    );
    if (node !== undefined) return { stage, ...featuresOf(view, node.id, 0), blocks };
  }
  return { stage, stride: 1, size: [], channels: null, blocks };
}

/** Returns stride, size and channels of a stage, taken from one of its tensors. */
export function featuresOf(view: GraphView, node: number, tensor: number): Pick<Stage, 'stride' | 'size' | 'channels'> {
  const stride = Math.max(...strideOf(view, { node, tensor }));
  const shape = view.shapes[node]?.[tensor];
  if (shape === undefined) return { stride, size: [], channels: null };
  const axis = channelsAxisOf(view, node, shape.length);
  return {
    stride,
    size: shape.filter((_, index) => index > view.stepAxes[node]! && index !== axis),
    channels: shape[axis] ?? null,
  };
}
