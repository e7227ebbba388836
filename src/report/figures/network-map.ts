import { MAX_DRAWN_BLOCKS, MAX_DRAWN_STAGES } from '../../limits.js';
import type { Plan } from '../../plan/plan.js';
import { count, plural } from '../../plural.js';
import { percentOf } from '../json-report.js';
import { type OutlineCell, type OutlineStage, outlineOf } from '../network-outline.js';
import { magnitude, percent, printable } from '../printable.js';
import { BLOCK_NAMES } from '../sentences.js';
import { blockCell, CELL, stateOf } from './block-cell.js';
import { mapLegend } from './map-legend.js';
import { DARK_STYLE, paint } from './paint.js';
import { element, type Figure, inlineSvg, label, shortened, standaloneSvg } from './svg.js';

const GAP = 8;
const COLUMNS = 8;
const LEFT = 180;
const HEAD = 30;
const PADDING = 12;
const LINE = 16;
const TITLE_CHARACTERS = 32;

/** A network as bands of stages with their blocks, and the modules that a plan adds to it. */
export function networkMap(plan: Plan, path: string): Figure {
  const { drawn, height: y, body, ...bands } = networkBands(plan, path, COLUMNS, HEAD);
  const legend = mapLegend(plan, drawn, y + 2, bands.width);
  const costs = label(costLine(plan), { ...paint('muted'), x: 0, y: 10, size: 13 });
  return { ...bands, height: y + 2 + legend.height, body: costs + body + legend.body };
}

interface Bands extends Figure {
  readonly drawn: readonly OutlineStage[];
}

/** The bands alone, from `top` on, with so many blocks beside each other. */
function networkBands(plan: Plan, path: string, columns: number, top: number): Bands {
  const stages = outlineOf(plan);
  const width = LEFT + columns * (CELL.width + GAP) - GAP;
  const drawn = stages.length > MAX_DRAWN_STAGES ? stages.slice(0, MAX_DRAWN_STAGES - 1) : stages;
  let y = top;
  const bands = drawn.map((stage) => {
    const band = stageBand(stage, plan, y, columns);
    const body = rule(y, width) + band.body;
    y += band.height;
    return body;
  });
  const rest = stages.slice(drawn.length);
  if (rest.length > 0 || stages.length === 0) {
    const words = stages.length === 0 ? 'no convolutions: no stages and no blocks' : `and ${restSentence(rest)}`;
    bands.push(rule(y, width), label(words, { ...paint('muted'), x: 0, y: y + 22, size: 13 }));
    y += 34;
  }
  return {
    drawn,
    width,
    height: y,
    title: `${shortened(fileName(path), TITLE_CHARACTERS)}: ${titleWords(plan)}`,
    description: [costLine(plan), ...drawn.map((stage) => stageSentence(stage, plan))].join('. '),
    body: bands.join('') + rule(y, width),
  };
}

/**
 * The drawing of a network and of a plan for it, as an SVG file: for light and dark screens, without fonts or scripts.
 * @param path the model's, for the title
 * @example const drawing = networkSvg(inspect(await readModel('net.keras')).plan, 'net.keras');
 */
export const networkSvg = (plan: Plan, path: string): string => standaloneSvg(networkMap(plan, path), DARK_STYLE);

/**
 * The drawing of a network and of a plan for it as a part of a page, which paints it by the classes of its elements (`ink`,
 * `muted`, `cell`, `added`, `there`, `hollow`): stages with their blocks and modules, without a title, sums and a legend.
 * @param columns blocks beside each other, one at the least: the drawing is 148 pixels wide for each, and 172 more
 * @example page.innerHTML = networkDrawing(planRetrofit(model), model.path, 4);
 */
export const networkDrawing = (plan: Plan, path: string, columns = COLUMNS): string =>
  inlineSvg(networkBands(plan, path, Math.min(Math.max(1, Math.floor(columns) || 1), MAX_DRAWN_BLOCKS), 1));

const fileName = (path: string): string => path.split(/[/\\]/).findLast((part) => part !== '') ?? path;

const rule = (y: number, width: number): string => element('path', { ...paint('rule'), d: `M0,${y}.5H${width}` });

function titleWords({ sites, network, stages }: Plan): string {
  const there = network.modules.length;
  const blocks = plural(network.blocks.length, 'block');
  const added = `${plural(sites.length, 'module')} to add`;
  return `${blocks} in ${plural(stages.length, 'stage')}, ${there > 0 ? `${count(there)} ${there === 1 ? 'holds' : 'hold'} a module, ` : ''}${added}`;
}

function costLine({ params, macs, exact, sites }: Plan): string {
  const before = params.before === 0 ? [] : [plural(params.before, 'parameter')];
  if (sites.length === 0) return [...before, `${magnitude(macs.before)} MACs`, 'nothing to add'].join(SEPARATOR);
  const added = `+${before.length === 0 ? plural(params.added, 'parameter') : count(params.added)}${bracketed(percentOf(params.added, params.before))}`;
  return [
    [...before, added].join(' '),
    `${magnitude(macs.before)} MACs +${magnitude(macs.added)}${bracketed(percentOf(macs.added, macs.before))}`,
    exact ? 'the same outputs until it is trained' : 'other outputs until it is trained',
  ].join(SEPARATOR);
}

const SEPARATOR = '  ·  ';

const bracketed = (share: number | null): string => (share === null ? '' : ` (${percent(share)})`);

function stageBand(
  stage: OutlineStage,
  plan: Plan,
  y: number,
  columns: number,
): { readonly body: string; readonly height: number } {
  const { cells } = stage;
  const shown = cells.length > MAX_DRAWN_BLOCKS ? cells.slice(0, MAX_DRAWN_BLOCKS - 1) : cells;
  const places = shown.length < cells.length ? shown.length + 1 : shown.length;
  const rows = Math.ceil(places / columns);
  const lines = stageLines(stage, plan);
  const height = 2 * PADDING + Math.max(rows * (CELL.height + GAP) - GAP, 4 + lines.length * LINE + 2);
  const placeOf = (index: number) => ({
    x: LEFT + (index % columns) * (CELL.width + GAP),
    y: y + PADDING + Math.floor(index / columns) * (CELL.height + GAP),
  });
  const words = lines.map((line, index) =>
    index === 0
      ? label(line, { ...paint('ink'), x: 0, y: y + PADDING + 14, size: 16, 'font-weight': 700 })
      : label(line, { ...paint('muted'), x: 0, y: y + PADDING + 16 + index * LINE, size: 11 }),
  );
  const boxes = shown.map((cell, index) => {
    const at = placeOf(index);
    return (cell.goesOn ? wireTo(at) : '') + blockCell(cell, at.x, at.y);
  });
  const more = placeOf(shown.length);
  return {
    height,
    body: [
      ...words,
      ...boxes,
      shown.length < cells.length ? moreWords(cells.slice(shown.length), more.x, more.y) : '',
    ].join(''),
  };
}

const wireTo = ({ x, y }: { readonly x: number; readonly y: number }): string =>
  element('path', { ...paint('wire'), 'stroke-width': '1.4', d: `M${x - GAP},${y + CELL.height / 2}h${GAP}` });

function moreWords(cells: readonly OutlineCell[], x: number, y: number): string {
  return (
    label(`and ${count(cells.length)} more`, { ...paint('ink'), x: x + 7, y: y + 27, size: 12, 'font-weight': 700 }) +
    label(`with ${plural(countSites(cells), 'module')}`, { ...paint('muted'), x: x + 7, y: y + 43, size: 11 })
  );
}

function stageLines({ stage, stride, size, channels, cells }: OutlineStage, plan: Plan): readonly string[] {
  const added = addedParams(cells);
  return [
    `Stage ${stage}`,
    shortened(size.length === 0 ? 'size unknown' : size.map((length) => length ?? '?').join(' × '), 26),
    `${plural(channels, 'channel')}, stride ${count(stride)}`,
    blocksLine(cells),
    ...(added > 0 ? [`+${plural(added, 'parameter')}`] : plan.stages[stage - 1]?.skipped ? ['skipped'] : []),
  ];
}

const countSites = (cells: readonly OutlineCell[]): number => cells.reduce((sum, { sites }) => sum + sites.length, 0);

const addedParams = (cells: readonly OutlineCell[]): number =>
  cells.reduce((sum, { sites }) => sum + sites.reduce((total, { params }) => total + params, 0), 0);

/** `3 residual units`; where there are several kinds, `7 blocks`. */
function blocksLine(cells: readonly OutlineCell[]): string {
  const kinds = cells.flatMap(({ kind }) => (kind === 'layer' ? [] : [kind]));
  if (kinds.length === 0) return 'no blocks';
  const [kind] = kinds;
  const [one, many] = kinds.every((other) => other === kind) ? BLOCK_NAMES[kind!] : ['block', 'blocks'];
  return plural(kinds.length, one, many);
}

function stageSentence(stage: OutlineStage, plan: Plan): string {
  const { cells } = stage;
  const there = cells.filter((cell) => stateOf(cell) === 'there').length;
  const modules = [`${plural(countSites(cells), 'module')} to add`, ...(there > 0 ? [`${count(there)} there`] : [])];
  return [...stageLines(stage, plan), ...modules].map(printable).join(', ');
}

function restSentence(rest: readonly OutlineStage[]): string {
  const cells = rest.flatMap((stage) => stage.cells);
  return `${plural(rest.length, 'more stage')} with ${plural(countSites(cells), 'module')}`;
}
