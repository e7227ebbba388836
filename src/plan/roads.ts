import type { PlacedIn } from './candidates.js';
import type { Doubling, ExactBy } from './plan.js';
import {
  type Arrival,
  type Departure,
  type IsClosed,
  listWeightsAt,
  type Passage,
  walkAhead,
  walkBack,
} from './walks.js';

/** How one site stays exact: what it is called, and which weights are doubled for it. */
export interface Road {
  readonly exactBy: ExactBy;
  readonly doublings: readonly Doubling[];
}

const DOUBLED_GATE: Road = { exactBy: 'doubled-gate', doublings: [] };

/** What no road leads through. */
export interface Bounds {
  /** Whether a tensor takes a module. */
  readonly isSite: IsClosed;
  /** Whether a weight holds numbers that cannot be doubled. */
  readonly isFixed: (weight: Omit<Doubling, 'exponent'>) => boolean;
}

/**
 * Where the factor 2 goes that makes up for the gates' 1/2: into weights before the site, into weights behind it, or,
 * always possible, into the gate. Doubling is exact in binary floating point. See DESIGN.md, "Why a retrofit can be
 * exact".
 */
export function chooseRoad(places: readonly PlacedIn[], { isSite, isFixed }: Bounds): Road {
  const departures = places.map((placed): Departure<true> => ({ ...placed, state: true }));
  const roads = [
    () => upstream(walkBack(departures, isSite, DOUBLED)),
    () => downstream(walkAhead(departures, isSite, DOUBLED)),
  ];
  for (const find of roads) {
    const road = find();
    if (road !== undefined && !road.doublings.some(isFixed)) return road;
  }
  return DOUBLED_GATE;
}

/** One factor for all numbers: it is the same wherever it goes, but two tensors that meet would both need it. */
const DOUBLED: Passage<true> = {
  back: (_, { inputs }) => inputs.map(() => true),
  ahead: (_, { inputs }) => inputs.length === 1 || undefined,
};

/** Road 1: into the last linear layers before the site, back through whatever commutes with a positive factor. */
function upstream(arrivals: readonly Arrival<true>[] | undefined): Road | undefined {
  const doublings = arrivals && doublingsAt(arrivals, 'doublesOutput');
  if (arrivals === undefined || doublings === undefined) return undefined;
  return { exactBy: arrivals.length > 1 ? 'branches' : arrivals[0]!.scaling.by, doublings };
}

/** Road 2: into the kernels behind the site, if every way from it ends in one. */
function downstream(arrivals: readonly Arrival<true>[] | undefined): Road | undefined {
  const doublings = arrivals && doublingsAt(arrivals, 'doublesInput');
  return doublings && { exactBy: 'consumers', doublings };
}

function doublingsAt(
  arrivals: readonly Arrival<true>[],
  side: 'doublesOutput' | 'doublesInput',
): readonly Doubling[] | undefined {
  const doublings: Doubling[] = [];
  for (const arrival of arrivals) {
    const weights = listWeightsAt(arrival, arrival.scaling[side]);
    if (weights === undefined) return undefined;
    const { view, node } = arrival;
    doublings.push(...weights.map((weight) => ({ graph: view.path, layer: node.layer.name, weight, exponent: 1 })));
  }
  return doublings;
}
