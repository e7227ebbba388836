import { usageError } from '../errors.js';
import { flagOf } from '../flag-of.js';
import { nearestNames } from '../nearest-names.js';
import { shellWord } from '../shell-word.js';
import { behindNonLinearity, type FoundBlock, type Place } from '../stages/block.js';
import { type GraphView, listViews, strideOf } from '../stages/graph-view.js';
import type { Block, Network } from '../stages/network.js';
import { matchGlob } from './glob.js';
import { type RetrofitOptions, refuseBoth } from './options.js';
import type { Skipped, SkipReason } from './plan.js';

export interface PlacedIn {
  readonly view: GraphView;
  readonly place: Place;
}

/** A place where a module could go, before the choice of stages and names. */
export interface Candidate {
  /** Base of the module's names; may be taken. */
  readonly base: string;
  readonly stage: number;
  readonly block: number | null;
  readonly after: string;
  /** One a call, for calls of shared layers. */
  readonly places: readonly PlacedIn[];
  readonly hasModule: boolean;
}

export interface Choice {
  readonly chosen: readonly Candidate[];
  /** Chosen, but they hold a module already. */
  readonly occupied: readonly Candidate[];
  readonly skipped: readonly Skipped[];
}

/**
 * The places that the options ask for.
 * @param path that of the model, for messages
 * @throws RetrofitError `bad-option`, `unknown-stage`, `unmatched-glob`, `unknown-layer`
 */
export function chooseCandidates(network: Network, options: RetrofitOptions, path: string): Choice {
  const stages = resolveStages(network, options, 'stages', path);
  const skipStages = resolveStages(network, options, 'skipStages', path);
  // Only here is it known which stage is the last.
  refuseBoth(stages, skipStages);
  const skipped: Skipped[] = [];
  const candidates =
    options.at.length > 0 ? placesAt(network, options.at, path) : placesOfBlocks(network, options, skipped);
  // Who names places with --at asked for nothing else.
  if (options.at.length === 0) {
    skipped.unshift(
      ...network.passedOver.map(({ view, node, stage, reason }) => ({
        layer: view.nodes[node]!.layer.name,
        stage,
        reason,
      })),
    );
  }
  const included = globs(options.include, candidates, 'include');
  const excluded = globs(options.exclude, candidates, 'exclude');

  const whyNot = (candidate: Candidate): SkipReason | undefined => {
    if (stages.size > 0 && !stages.has(candidate.stage)) return 'stage-not-chosen';
    if (skipStages.has(candidate.stage)) return 'stage-skipped';
    if (included !== undefined && !included(candidate)) return 'not-included';
    if (excluded?.(candidate)) return 'excluded';
    return candidate.hasModule ? 'has-module' : undefined;
  };
  const chosen: Candidate[] = [];
  const occupied: Candidate[] = [];
  for (const candidate of candidates) {
    const reason = whyNot(candidate);
    if (reason === undefined) chosen.push(candidate);
    else skipped.push({ layer: candidate.after, stage: candidate.stage, reason });
    if (reason === 'has-module') occupied.push(candidate);
  }
  return { chosen, occupied, skipped: skipped.sort((left, right) => left.stage - right.stage) };
}

/** Tells whether the options leave a stage out as a whole. */
export function isStageSkipped(network: Network, options: RetrofitOptions, stage: number, path: string): boolean {
  const stages = resolveStages(network, options, 'stages', path);
  return (stages.size > 0 && !stages.has(stage)) || resolveStages(network, options, 'skipStages', path).has(stage);
}

function resolveStages(
  network: Network,
  options: RetrofitOptions,
  field: 'stages' | 'skipStages',
  path: string,
): ReadonlySet<number> {
  const count = network.stages.length;
  return new Set(
    options[field].map((choice) => {
      const stage = choice === 'last' ? count : choice;
      if (stage >= 1 && stage <= count) return stage;
      throw usageError('unknown-stage', `${flagOf(field)} ${choice}: the model has ${stagesText(count)}`, {
        where: { field },
        facts: { found: choice, stages: count },
        hint: `see them with: se-retrofit inspect ${shellWord(path)}`,
      });
    }),
  );
}

function stagesText(count: number): string {
  if (count === 0) return 'no stages';
  return count === 1 ? 'stage 1 alone' : `the stages 1 to ${count}`;
}

/** An empty word as one sees it. */
const EMPTY = '""';

type Matcher = (candidate: Candidate) => boolean;

function globs(patterns: readonly string[], candidates: readonly Candidate[], flag: string): Matcher | undefined {
  if (patterns.length === 0) return undefined;
  const matchers = patterns.map((pattern): Matcher => {
    const matches = matchGlob(pattern);
    const matcher: Matcher = ({ after, places }) =>
      matches(after) || matches([...places[0]!.view.path, after].join('/'));
    if (!candidates.some(matcher)) {
      const names = candidates.slice(0, 4).map((candidate) => candidate.after);
      throw usageError('unmatched-glob', `--${flag} ${pattern || EMPTY}: no site matches`, {
        where: { field: flag },
        facts: { found: pattern, names },
        hint:
          names.length === 0
            ? 'the model has no sites'
            : `modules would go behind ${names.join(', ')}${candidates.length > 4 ? ', ...' : ''}`,
      });
    }
    return matcher;
  });
  return (candidate) => matchers.some((matches) => matches(candidate));
}

function placesOfBlocks(network: Network, options: RetrofitOptions, skipped: Skipped[]): readonly Candidate[] {
  const { granularity, placement } = options;
  return network.blocks.flatMap((block): readonly Candidate[] => {
    if (granularity === 'conv') return placesOfConvolutions(block, skipped);
    const places = block.occurrences.flatMap((found) => {
      const place = found[placement];
      return place === undefined ? [] : [{ view: found.view, place }];
    });
    const layer = layerOf(block.occurrences[0], block.occurrences[0].standard);
    if (places.length < block.occurrences.length) {
      skipped.push({ layer, stage: block.stage, reason: block.module === undefined ? 'no-such-place' : 'has-module' });
      return [];
    }
    const isLast = network.stages[block.stage - 1]?.blocks.at(-1) === block;
    if (granularity === 'stage' && !isLast) {
      skipped.push({ layer, stage: block.stage, reason: 'not-last-of-stage' });
      return [];
    }
    const base = granularity === 'stage' ? `se_${block.stage}` : `se_${block.stage}_${block.number}`;
    return [candidateAt(block, base, granularity === 'stage' ? null : block.number, places)];
  });
}

function placesOfConvolutions(block: Block, skipped: Skipped[]): readonly Candidate[] {
  const [first] = block.occurrences;
  return first.convolutions.flatMap((own, index) => {
    if (first.view.gateNodes.has(own)) {
      skipped.push({ layer: first.view.nodes[own]!.layer.name, stage: block.stage, reason: 'makes-gate' });
      return [];
    }
    const places = block.occurrences.flatMap((found): readonly PlacedIn[] => {
      const convolution = found.convolutions[index];
      if (convolution === undefined) return [];
      const { node } = behindNonLinearity(found.view, convolution);
      // The last convolution's features end where the block's site is.
      const place: Place = node === found.standard.node ? found.standard : { node, tensor: 0, readers: 'all' };
      return [{ view: found.view, place }];
    });
    return candidateAt(block, `se_${block.stage}_${block.number}_${index + 1}`, block.number, places);
  });
}

const candidateAt = (block: Block, base: string, number: number | null, places: readonly PlacedIn[]): Candidate => ({
  base,
  stage: block.stage,
  block: number,
  after: nameAt(places[0]!),
  places,
  hasModule: block.module !== undefined,
});

const nameAt = ({ view, place }: PlacedIn): string => view.nodes[place.node]!.layer.name;
const layerOf = (block: FoundBlock, place: Place): string => nameAt({ view: block.view, place });

/** Places behind layers that the user named; every call of the layer takes part. */
function placesAt(network: Network, names: readonly string[], path: string): readonly Candidate[] {
  const counts = new Map<number, number>();
  return [...new Set(names)].flatMap((name) => {
    const candidates = [...listViews(network.view)].flatMap((view): readonly Candidate[] => {
      const nodes = view.nodes.filter(
        ({ layer }) => layer.name === name || [...view.path, layer.name].join('/') === name,
      );
      if (nodes.length === 0) return [];
      const stage = network.stageOf(strideOf(view, { node: nodes[0]!.id, tensor: 0 }));
      const block = (counts.get(stage) ?? 0) + 1;
      counts.set(stage, block);
      const hasModule = nodes.some(({ id }) =>
        view.modules.some((module) => module.features === id || module.scale === id),
      );
      const places = nodes.map(({ id }): PlacedIn => ({ view, place: { node: id, tensor: 0, readers: 'all' } }));
      return [{ base: `se_${stage}_${block}`, stage, block, after: nameAt(places[0]!), places, hasModule }];
    });
    if (candidates.length === 0) {
      const nearest = nearestNames(name, namesIn(network));
      throw usageError('unknown-layer', `--at ${name || EMPTY}: the model has no such layer`, {
        where: { layer: name, field: 'at' },
        facts: { found: name, nearest },
        hint: atHint(nearest, path),
      });
    }
    return candidates;
  });
}

const namesIn = ({ view }: Network): readonly string[] =>
  [...listViews(view)].flatMap(({ nodes }) => nodes.map(({ layer }) => layer.name));

const atHint = (nearest: readonly string[], path: string): string =>
  `${nearest.length === 0 ? 'see the names with' : `the nearest names are ${nearest.join(', ')}; all`}: se-retrofit inspect ${shellWord(path)} --layers`;
