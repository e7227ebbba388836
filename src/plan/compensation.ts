import type { PlacedIn } from './candidates.js';
import type { Doubling, ExactBy } from './plan.js';
import {
  type IsClosed,
  listWeightsAt,
  propagateAhead,
  propagateBack,
  type ScaleSink,
  type ScaleSource,
  type TransferRule,
} from './scale-propagation.js';

/** The compensation of one site: its name, and the weights that are doubled for it. */
export interface Compensation {
  readonly exactBy: ExactBy;
  readonly doublings: readonly Doubling[];
}

const DOUBLED_GATE: Compensation = { exactBy: 'doubled-gate', doublings: [] };

/** Places where no factor may go. */
export interface Bounds {
  /** Whether a tensor takes a module. */
  readonly isSite: IsClosed;
  /** Whether a weight holds numbers that cannot be doubled. */
  readonly isFixed: (weight: Omit<Doubling, 'exponent'>) => boolean;
}

/**
 * Chooses where the factor 2 goes that compensates for the gates' 1/2: into weights before the site, into weights
 * behind it, or, always possible, into the gate. Doubling is exact in binary floating point. See docs/ARCHITECTURE.md,
 * "Why the numbers do not change".
 */
export function chooseCompensation(places: readonly PlacedIn[], { isSite, isFixed }: Bounds): Compensation {
  const sources = places.map((placed): ScaleSource<true> => ({ ...placed, state: true }));
  const compensations = [
    () => upstream(propagateBack(sources, isSite, DOUBLED)),
    () => downstream(propagateAhead(sources, isSite, DOUBLED)),
  ];
  for (const find of compensations) {
    const compensation = find();
    if (compensation !== undefined && !compensation.doublings.some(isFixed)) return compensation;
  }
  return DOUBLED_GATE;
}

/** One factor for all numbers: it is the same wherever it goes, but two tensors that meet would both need it. */
const DOUBLED: TransferRule<true> = {
  back: (_, { inputs }) => inputs.map(() => true),
  ahead: (_, { inputs }) => inputs.length === 1 || undefined,
};

/** Compensation 1: into the last linear layers before the site, back through whatever commutes with a positive factor. */
function upstream(sinks: readonly ScaleSink<true>[] | undefined): Compensation | undefined {
  const doublings = sinks && doublingsAt(sinks, 'doublesOutput');
  if (sinks === undefined || doublings === undefined) return undefined;
  return { exactBy: sinks.length > 1 ? 'branches' : sinks[0]!.scaling.by, doublings };
}

/** Compensation 2: into the kernels behind the site, if every way from it ends in one. */
function downstream(sinks: readonly ScaleSink<true>[] | undefined): Compensation | undefined {
  const doublings = sinks && doublingsAt(sinks, 'doublesInput');
  return doublings && { exactBy: 'consumers', doublings };
}

function doublingsAt(
  sinks: readonly ScaleSink<true>[],
  side: 'doublesOutput' | 'doublesInput',
): readonly Doubling[] | undefined {
  const doublings: Doubling[] = [];
  for (const sink of sinks) {
    const weights = listWeightsAt(sink, sink.scaling[side]);
    if (weights === undefined) return undefined;
    const { view, node } = sink;
    doublings.push(...weights.map((weight) => ({ graph: view.path, layer: node.layer.name, weight, exponent: 1 })));
  }
  return doublings;
}
