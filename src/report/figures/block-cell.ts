import { count, plural } from '../../plural.js';
import type { OutlineCell } from '../network-outline.js';
import { magnitude, printable } from '../printable.js';
import { BLOCK_NAMES, compensationWord, exactBySentence, SKIP_REASONS } from '../sentences.js';
import { type Part, paint } from './paint.js';
import { element, group, label, shortened, tooltip } from './svg.js';

export const CELL = { width: 140, height: 66 } as const;
const PILL = { height: 20, inset: 6 } as const;
const NAME_CHARACTERS = 22;

/** A pictogram a kind, 24 by 16. */
const GLYPHS: Readonly<Record<OutlineCell['kind'], string>> = {
  residual: 'M0,12H8M16,12H24M8,8H16V16H8ZM3,12V5Q3,2 6,2H18Q21,2 21,5V12',
  inception: 'M0,8H4M20,8H24M8,3H4V13H8M16,3H20V13H16M8,0H16V6H8ZM8,10H16V16H8Z',
  dense: 'M1,15V11H5V15ZM7,15V8H11V15ZM13,15V4H17V15ZM19,15V0H23V15Z',
  bottleneck: 'M1,6L8,1H16L23,6V10L16,15H8L1,10Z',
  conv: 'M5,1H19V15H5ZM9,1V15M5,5H19',
  layer: 'M0,8H7M17,8H24M7,4H17V12H7Z',
};

export const glyph = (kind: OutlineCell['kind'], x: number, y: number): string =>
  element('path', {
    ...paint('glyph'),
    'stroke-width': '1.4',
    'stroke-linejoin': 'round',
    d: GLYPHS[kind],
    transform: `translate(${x} ${y})`,
  });

export type CellState = 'added' | 'there' | 'hollow' | 'none';

export function stateOf({ sites, there, reason }: OutlineCell): CellState {
  if (sites.length > 0) return 'added';
  if (there !== undefined) return 'there';
  return reason === undefined ? 'none' : 'hollow';
}

/** Draws the module in a cell: filled where it is added, grey where it exists, an outline where there is none. */
export const pill = (state: Exclude<CellState, 'none'>, x: number, y: number, width: number): string =>
  element('rect', {
    ...paint(state),
    x,
    y,
    width,
    height: PILL.height,
    rx: 5,
    'stroke-dasharray': state === 'hollow' ? '3 3' : undefined,
  });

/** A block with its pictogram, its number, its layer and its module. */
export function blockCell(cell: OutlineCell, x: number, y: number): string {
  const state = stateOf(cell);
  const { kind, number, layer, layers } = cell;
  const top = CELL.height - PILL.height - PILL.inset;
  return group(
    { transform: `translate(${x} ${y})` },
    tooltip(cellSentence(cell)),
    element('rect', { ...paint('cell'), x: 0, y: 0, width: CELL.width, height: CELL.height, rx: 7 }),
    glyph(kind, 7, 6),
    number === null ? '' : label(String(number), { ...paint('ink'), x: 38, y: 19, size: 14, 'font-weight': 700 }),
    state === 'none' ? '' : pill(state, PILL.inset, top, CELL.width - 2 * PILL.inset),
    pillWords(cell, state, top + 14),
    label(shortened(layer, NAME_CHARACTERS), { ...paint('muted'), x: 7, y: 35, size: 9 }),
    layers === 1
      ? ''
      : label(`${count(layers)} layers`, {
          ...paint('muted'),
          x: CELL.width - 7,
          y: 19,
          size: 9,
          'text-anchor': 'end',
        }),
  );
}

function pillWords({ sites, there }: OutlineCell, state: CellState, y: number): string {
  const [left, right] = [PILL.inset + 6, CELL.width - PILL.inset - 6];
  const words = (part: Part, text: string) => label(text, { ...paint(part), x: left, y, size: 10.5 });
  if (state === 'hollow') return words('muted', 'no module');
  if (state === 'there') return words('ink', there === undefined ? '' : 'module there');
  const [site] = sites;
  if (site === undefined) return '';
  const compensations = new Set(sites.map(({ exactBy }) => compensationWord(exactBy)));
  const what = sites.length > 1 ? plural(sites.length, 'module') : plural(site.units, 'unit');
  return (
    label(what, { ...paint('on-added'), x: left, y, size: 10.5, 'font-weight': 700 }) +
    label(compensations.size === 1 ? [...compensations][0]! : 'several', {
      ...paint('on-added'),
      x: right,
      y,
      size: 10,
      'text-anchor': 'end',
    })
  );
}

/** Describes a block in words. */
function cellSentence({ kind, number, layer, layers, calls, sites, there, reason }: OutlineCell): string {
  const parts = [
    kind === 'layer' ? printable(layer) : `${BLOCK_NAMES[kind][0]} ${number}, to ${printable(layer)}`,
    ...(layers > 1 ? [`${count(layers)} layers`] : []),
    ...(calls > 1 ? [`shared by ${count(calls)} calls`] : []),
    ...sites.map(
      ({ name, channels, units, params, macs, exactBy }) =>
        `module ${name}: ${plural(channels, 'channel')}, ${plural(units, 'unit')}, ${plural(params, 'parameter')}, ${magnitude(macs)} MACs, ${exactBySentence(exactBy)}`,
    ),
    ...(there === undefined ? [] : [`module ${printable(there)} is there`]),
    ...(reason === undefined || reason === 'has-module' ? [] : [`no module: ${SKIP_REASONS[reason]}`]),
  ];
  return parts.join('; ');
}
