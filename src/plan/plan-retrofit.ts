import { inputError, usageError } from '../errors.js';
import { elementCount } from '../layers/config.js';
import { isClosedLayer } from '../layers/known-layers.js';
import { hasOutputKeys } from '../model/compile-settings.js';
import { findGraph, type Graph, type Layer, listGraphs, type Model, scaleName, type Warning } from '../model/model.js';
import { pathKey } from '../model/weight-key.js';
import { shellWord } from '../shell-word.js';
import { type GraphView, listViews, shapeOf } from '../stages/graph-view.js';
import { featuresOf, findNetwork, type Network, type Stage } from '../stages/network.js';
import { type Candidate, type Choice, chooseCandidates, isStageSkipped, type PlacedIn } from './candidates.js';
import { type Bounds, type Compensation, chooseCompensation } from './compensation.js';
import {
  countMacs,
  countParams,
  featureElements,
  moduleMacs,
  moduleParams,
  moduleUnits,
  paperParams,
  sumKnown,
} from './cost.js';
import { type Draft, draftSite } from './draft-site.js';
import { completeOptions, type RetrofitOptions } from './options.js';
import { type Doubling, doublingKey, type Plan, type ScaledTensor, type Site, type Skipped } from './plan.js';
import { takenNames } from './taken-names.js';

/**
 * Decides everything a retrofit will do: where modules go, how each stays exact, what it costs. Weights' values are not
 * read: callers that know a weight would overflow when doubled name it.
 * @param notDoubled weights to leave unchanged
 * @throws RetrofitError for options that do not fit the model, for a model without blocks, and for one that holds a
 * module at every chosen place
 */
export function planRetrofit(
  model: Model,
  given: Partial<RetrofitOptions> = {},
  notDoubled: readonly Omit<Doubling, 'exponent'>[] = [],
): Plan {
  const options = completeOptions(given);
  const network = findNetwork(model.graph);
  const choice = chooseCandidates(network, options, model.path);
  const plan = makePlan(model, options, network, choice, notDoubled);
  if (plan.sites.length === 0) throw nothingToDo(model.path, network, choice, plan);
  return plan;
}

/** The same for `inspect`: a plan without sites is a valid answer too. */
export function surveyRetrofit(model: Model, given: Partial<RetrofitOptions> = {}): Plan {
  const options = completeOptions(given);
  const network = findNetwork(model.graph);
  return makePlan(model, options, network, chooseCandidates(network, options, model.path));
}

function makePlan(
  model: Model,
  options: RetrofitOptions,
  network: Network,
  choice: Choice,
  notDoubled: readonly Omit<Doubling, 'exponent'>[] = [],
): Plan {
  const skipped: Skipped[] = [...choice.skipped];
  const claim = readingClaims();
  const drafts = choice.chosen.flatMap((candidate): readonly Draft[] => {
    const draft = draftSite(candidate, options, model);
    const reason = typeof draft === 'string' ? draft : claim(candidate) ? undefined : 'place-taken';
    if (typeof draft !== 'string' && reason === undefined) return [draft];
    skipped.push({ layer: candidate.after, stage: candidate.stage, reason: reason! });
    return [];
  });
  const fixed = new Set(notDoubled.map(doublingKey));
  const bounds: Bounds = { isSite: siteLookup(drafts), isFixed: (weight) => fixed.has(doublingKey(weight)) };
  const names = takenNames(model.graph);
  const sites = drafts.map((draft): Site => {
    const compensation = options.init === 'paper' ? NO_COMPENSATION : chooseCompensation(draft.places, bounds);
    return siteOf(draft, compensation, names.claim(draft.candidate.base), options, model.graph);
  });
  return {
    options,
    network,
    sites,
    skipped,
    stages: stagesWith(network, drafts).map((stage) => ({
      ...stage,
      sites: sites.filter((site) => site.stage === stage.stage),
      skipped: isStageSkipped(network, options, stage.stage, model.path),
    })),
    doublings: addUp(sites.flatMap((site) => site.doublings)),
    params: {
      before: countParams(model.graph),
      added: sites.reduce((sum, site) => sum + site.params, 0),
      paper: paperParams(
        sites.map((site) => site.channels),
        options.ratio,
      ),
    },
    macs: {
      before: countMacs(network.view),
      added: sumKnown(sites.map((site) => site.macs)),
      additions: sumKnown(sites.map((site) => site.additions)),
    },
    exact: sites.every((site) => site.exactBy !== null),
    warnings: [...network.warnings, ...planWarnings(model, sites, network, options)],
  };
}

/** Returns the network's stages; a site that --at named in a model without convolutions has its own stage. */
function stagesWith(network: Network, drafts: readonly Draft[]): readonly Stage[] {
  const [draft] = drafts;
  if (network.stages.length > 0 || draft === undefined) return network.stages;
  const { view, place } = draft.places[0]!;
  return [{ stage: draft.candidate.stage, ...featuresOf(view, place.node, place.tensor), blocks: [] }];
}

const NO_COMPENSATION: Compensation = { exactBy: null, doublings: [] };

function siteOf(draft: Draft, compensation: Compensation, name: string, options: RetrofitOptions, root: Graph): Site {
  const { candidate, places, channels } = draft;
  const { view, place } = places[0]!;
  const units = moduleUnits(channels, options);
  const elements = places.map((placed) =>
    times(featureElements(shapeOf(placed.view, placed.place)), placed.view.steps),
  );
  const gates = places.map((placed) =>
    times(elementCount(shapeOf(placed.view, placed.place)?.slice(1, 1 + draft.stepAxes)), placed.view.steps),
  );
  return {
    name,
    stage: candidate.stage,
    block: candidate.block,
    after: candidate.after,
    graph: view.path,
    tensors: places.map(scaledTensor),
    channels,
    units,
    placement: options.placement,
    ...compensation,
    spatialRank: draft.spatialRank,
    stepAxes: draft.stepAxes,
    isChannelsFirst: draft.isChannelsFirst,
    isFrozen: isFrozen(root, view.path),
    dtype: view.nodes[place.node]!.layer.settings.dtype,
    params: moduleParams(channels, units, options.bias),
    macs: sumKnown(elements.map((count, call) => moduleMacs(channels, units, count, gates[call]!))),
    additions: sumKnown(elements),
  };
}

const times = (left: number | null, right: number | null): number | null =>
  left === null || right === null ? null : left * right;

/** Tells whether a model lies in a frozen wrapper, or in any if the root is frozen, whose flag its layers are given. */
const isFrozen = (root: Graph, path: readonly string[]): boolean =>
  path.some((name, depth) => {
    const layer = findGraph(root, path.slice(0, depth))?.layers.find((inner) => inner.name === name);
    return layer?.wrappers?.some(({ settings }) => root.isFrozen || settings.trainable === false);
  });

/** The nodes that are to read the scaled tensor. */
function movedReaders({ view, place }: PlacedIn): ReadonlySet<number> {
  if (place.readers !== 'all') return new Set(place.readers);
  const { readers } = view.nodes[place.node]!;
  return new Set(readers.filter((reader) => reader.tensor === place.tensor).map((reader) => reader.node));
}

/**
 * One tensor can be scaled for one reader only once: where a unit begins inside a longer one, both have the same input.
 * The returned function says whether a candidate's places were free, and takes them.
 */
function readingClaims(): (candidate: Candidate) => boolean {
  const taken = new Map<GraphView, Set<string>>();
  return ({ places }) => {
    const wanted = places.flatMap((placed) =>
      [...movedReaders(placed), ...(placed.place.readers === 'all' ? ['output'] : [])].map((reader) => ({
        view: placed.view,
        key: `${placed.place.node}:${placed.place.tensor}>${reader}`,
      })),
    );
    if (wanted.some(({ view, key }) => taken.get(view)?.has(key))) return false;
    for (const { view, key } of wanted) taken.set(view, (taken.get(view) ?? new Set()).add(key));
    return true;
  };
}

function scaledTensor({ view, place }: PlacedIn): ScaledTensor {
  const node = view.nodes[place.node]!;
  return {
    tensor: { layer: node.layer.name, call: node.call, tensor: place.tensor },
    readers: [...movedReaders({ view, place })].map((id) => ({
      layer: view.nodes[id]!.layer.name,
      call: view.nodes[id]!.call,
    })),
    isOutput: place.readers === 'all' && node.outputs.includes(place.tensor),
  };
}

function siteLookup(drafts: readonly Draft[]): Bounds['isSite'] {
  const sites = new Map<GraphView, Set<string>>();
  for (const { view, place } of drafts.flatMap((draft) => draft.places)) {
    sites.set(view, (sites.get(view) ?? new Set()).add(`${place.node}:${place.tensor}`));
  }
  return (view, { node, tensor }) => sites.get(view)?.has(`${node}:${tensor}`) === true;
}

/** One entry a weight: a kernel may be doubled for the site behind it and for the one before it. */
function addUp(doublings: readonly Doubling[]): readonly Doubling[] {
  const byWeight = new Map<string, Doubling>();
  for (const doubling of doublings) {
    const key = doublingKey(doubling);
    const exponent = (byWeight.get(key)?.exponent ?? 0) + doubling.exponent;
    byWeight.set(key, { ...doubling, exponent });
  }
  return [...byWeight.values()];
}

function planWarnings(
  model: Model,
  sites: readonly Site[],
  network: Network,
  options: RetrofitOptions,
): readonly Warning[] {
  const warnings: Warning[] = [];
  if (options.init === 'paper' && sites.length > 0) {
    warnings.push({
      code: 'not-exact',
      message: 'with --init paper the new model computes something else until it is trained',
      where: null,
    });
  }
  const views = new Map([...listViews(network.view)].map((view) => [pathKey(view.path), view]));
  const graphsWithSites = new Map(sites.map((site) => [pathKey(site.graph), site]));
  for (const [key, site] of graphsWithSites) {
    const view = views.get(key);
    const causal =
      site.spatialRank === 1 ? view?.nodes.find((node) => node.layer.settings.padding === 'causal') : undefined;
    if (causal === undefined) continue;
    warnings.push({
      code: 'causality-lost',
      message: 'this convolution is causal, but once its gates are trained a module lets every step see all others',
      where: causal.layer.name,
    });
  }
  for (const name of frozenModels(model.graph, sites)) {
    warnings.push({
      code: 'frozen-nested-model',
      message: 'this nested model is frozen: unfreeze it, or the modules in it will not learn',
      where: name,
    });
  }
  for (const site of sites) {
    if (site.graph.length > 0 || !site.tensors.some((tensor) => tensor.isOutput)) continue;
    if (hasOutputKeys(model.graph)) continue;
    warnings.push({
      code: 'output-renamed',
      message: `this output is called "${scaleName(site.name)}" in the new model; losses and metrics by name follow`,
      where: site.after,
    });
  }
  return warnings;
}

/** Nested models on the way to a site that are not trainable. */
function frozenModels(root: Graph, sites: readonly Site[]): readonly string[] {
  const used = new Set(sites.flatMap((site) => site.graph.map((_, depth) => pathKey(site.graph.slice(0, depth + 1)))));
  return [...listGraphs(root)]
    .filter(({ graph, path }) => (graph.isFrozen || isFrozen(root, path)) && used.has(pathKey(path)))
    .map(({ path }) => path.at(-1)!);
}

/** Lists layers of unknown structure that may hold blocks, those with most weights first. */
function listClosedLayers(root: GraphView): readonly Layer[] {
  const closed = [...listViews(root)].flatMap(({ graph }) =>
    graph.layers.filter((layer) => layer.graph === undefined && isClosedLayer(layer.className, layer.settings)),
  );
  return closed.sort((left, right) => right.weights.length - left.weights.length);
}

/** Reasons of blocks that other options would choose. */
const OTHER_CHOICE: readonly Skipped['reason'][] = ['stage-skipped', 'stage-not-chosen', 'not-included', 'excluded'];

function nothingToDo(file: string, network: Network, { occupied, chosen }: Choice, { options, skipped }: Plan) {
  if (occupied.length > 0 && chosen.length === 0) {
    return usageError(
      'already-retrofitted',
      `every chosen block holds a module already (${occupied.length} of ${occupied.length})`,
      {
        hint: `${skipped.some(({ reason }) => OTHER_CHOICE.includes(reason)) ? 'choose other stages, or ' : ''}see what is there with: se-retrofit inspect ${shellWord(file)}`,
      },
    );
  }
  if (options.at.length > 0) {
    return usageError('nothing-chosen', 'no module can go behind the layers that are named', {
      where: { field: 'at' },
      reasons: skipped.map(({ layer, reason }) => ({ code: reason, layer })),
      hint: 'name a layer with --at that makes a feature map, such as a convolution',
    });
  }
  if (network.blocks.length === 0) {
    const hidden = listClosedLayers(network.view);
    const closed = hidden.slice(0, 3).map(({ className, name }) => `${className} "${name}"`);
    const more = hidden.length > 3 ? ` and ${hidden.length - 3} more` : '';
    const besides = hidden.length === 0 ? '' : `; what is inside ${closed.join(', ')}${more} cannot be seen`;
    return inputError(
      'nothing-found',
      `no block was found: no residual unit, inception module, dense block or convolution with a non-linearity${besides}`,
      {
        where: { file, layer: hidden[0]?.name },
        facts: { closed },
        reasons: skipped.map(({ layer, reason }) => ({ code: reason, layer })),
        hint:
          hidden.length === 0
            ? 'modules go into convolutional networks; name a layer with --at to decide yourself'
            : 'save the model with its layers in a functional or Sequential model, or name a layer with --at',
      },
    );
  }
  return usageError(
    'nothing-chosen',
    `${network.blocks.length === 1 ? 'the one block takes no' : `none of the ${network.blocks.length} blocks takes a`} module with these options`,
    {
      facts: { blocks: network.blocks.length },
      reasons: skipped.map(({ layer, reason }) => ({ code: reason, layer })),
      hint: `see the blocks with: se-retrofit inspect ${shellWord(file)}`,
    },
  );
}
