import type { Plan, PlannedStage, Site, SkipReason } from '../plan/plan.js';
import type { Block } from '../stages/network.js';

/** A block, or a single layer that a module stands behind or that was passed over. */
export interface OutlineCell {
  readonly kind: Block['kind'] | 'layer';
  /** Rank of a block in its stage. */
  readonly number: number | null;
  /** The layer that ends its features, nested models before it. */
  readonly layer: string;
  readonly layers: number;
  readonly calls: number;
  /** Whether it comes right behind the cell before it, with no block of another stage between. */
  readonly goesOn: boolean;
  /** Modules to be added. */
  readonly sites: readonly Site[];
  /** The module that is there already. */
  readonly there: string | undefined;
  readonly reason: SkipReason | undefined;
}

export interface OutlineStage extends Pick<PlannedStage, 'stage' | 'stride' | 'size' | 'channels'> {
  readonly cells: readonly OutlineCell[];
}

/** Outlines a plan's network, stage by stage and block by block. */
export function outlineOf(plan: Plan): readonly OutlineStage[] {
  const { network } = plan;
  const sitesOf = siteLookup(plan);
  const reasonOf = reasonLookup(plan);
  const shown = new Set<Site>();
  const blockCells = network.blocks.map((block, index) => {
    const sites = sitesOf(block);
    for (const site of sites) shown.add(site);
    const reason = block.module === undefined && sites.length > 0 ? undefined : reasonOf(block);
    const goesOn = network.blocks[index - 1]?.stage === block.stage;
    return { stage: block.stage, cell: blockCell(block, sites, reason, goesOn) };
  });
  const looseModules = network.modules
    .filter(({ block }) => block === null)
    .map(({ module, stage, view }) => {
      const layer = [...view.path, view.nodes[module.features]!.layer.name].join('/');
      return { stage, cell: layerCell(layer, { there: module.name }) };
    });
  const looseSites = plan.sites
    .filter((site) => !shown.has(site))
    .map((site) => ({ stage: site.stage, cell: layerCell([...site.graph, site.after].join('/'), { sites: [site] }) }));
  const passedOver = reasonOf.rest().map(({ stage, layer, reason }) => ({ stage, cell: layerCell(layer, { reason }) }));

  const byStage = new Map<number, OutlineCell[]>(plan.stages.map(({ stage }) => [stage, []]));
  for (const { stage, cell } of [...blockCells, ...looseModules, ...looseSites, ...passedOver]) {
    byStage.get(stage)?.push(cell);
  }
  return plan.stages.map(({ stage, stride, size, channels }) => ({
    stage,
    stride,
    size,
    channels,
    cells: byStage.get(stage)!,
  }));
}

const layerCell = (
  layer: string,
  { sites = [], there, reason }: Partial<Pick<OutlineCell, 'sites' | 'there' | 'reason'>>,
): OutlineCell => ({ kind: 'layer', number: null, layer, layers: 1, calls: 1, goesOn: false, sites, there, reason });

function blockCell(
  { kind, number, occurrences, module }: Block,
  sites: readonly Site[],
  reason: SkipReason | undefined,
  goesOn: boolean,
): OutlineCell {
  const [{ view, standard, nodes }] = occurrences;
  return {
    kind,
    number,
    layer: [...view.path, view.nodes[standard.node]!.layer.name].join('/'),
    layers: nodes.size,
    calls: occurrences.length,
    goesOn,
    sites,
    there: module?.name,
    reason,
  };
}

/** The sites of a block: by its number; those that --at named, by the layer they stand behind. */
function siteLookup({ sites, options, network }: Plan): (block: Block) => readonly Site[] {
  const byPlace = new Map<string, Site[]>();
  const isNamed = options.at.length > 0;
  for (const site of sites) {
    const number = site.block ?? network.stages[site.stage - 1]?.blocks.at(-1)?.number;
    const key = isNamed ? layerKey(site.graph, site.after) : `${site.stage} ${number}`;
    byPlace.set(key, [...(byPlace.get(key) ?? []), site]);
  }
  return ({ stage, number, occurrences: [{ view, nodes }] }) =>
    isNamed
      ? [...nodes].flatMap((id) => byPlace.get(layerKey(view.path, view.nodes[id]!.layer.name)) ?? [])
      : (byPlace.get(`${stage} ${number}`) ?? []);
}

const layerKey = (path: readonly string[], layer: string): string => JSON.stringify([path, layer]);

/** Returns a lookup of why a block has no module, each reason given once; `rest` are those of layers outside blocks. */
function reasonLookup({ skipped, options }: Plan) {
  const left = new Map<string, SkipReason[]>();
  const keyOf = (stage: number, layer: string) => `${stage} ${layer}`;
  for (const { stage, layer, reason } of skipped) {
    const key = keyOf(stage, layer);
    left.set(key, [...(left.get(key) ?? []), reason]);
  }
  const take = ({ stage, occurrences: [found] }: Block): SkipReason | undefined => {
    const place = found[options.placement] ?? found.standard;
    for (const id of [place.node, found.standard.node, ...found.nodes]) {
      const reason = left.get(keyOf(stage, found.view.nodes[id]!.layer.name))?.shift();
      if (reason !== undefined) return reason;
    }
    return undefined;
  };
  const rest = () => skipped.filter(({ stage, layer }) => left.get(keyOf(stage, layer))?.shift() !== undefined);
  return Object.assign(take, { rest });
}
