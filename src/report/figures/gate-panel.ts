import { type ScaleLinear, scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { count } from '../../plural.js';
import type { ExcitedModule } from '../../runtime/excite-model.js';
import type { ExciteRun } from '../excite-run.js';
import { share } from '../printable.js';
import { ALL_LINE, GRID, INK, lineStyle, MUTED } from './palette.js';
import { element, type Figure, group, label, shortened } from './svg.js';

export const PANEL: Size = { width: 320, height: 200 };
export const PANEL_LEFT = 30;
const [RIGHT, TOP, BOTTOM] = [14, 42, 24];

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Points of all lines of a page: 10 bytes each, so that fifty panels in two orders stay below a megabyte. */
const MOST_POINTS = 80_000;
const POINTS_A_LINE = { least: 64, most: 128 } as const;
/** More would run into one another on a panel. */
const DENSE_FROM = 80;

/** `index`: as the channels stand in the network, which is the paper's figure; `mean`: by the mean gate of all images. */
export const CHANNEL_ORDERS = ['index', 'mean'] as const;
export type ChannelOrder = (typeof CHANNEL_ORDERS)[number];

/** A module's axes, the same in all panels, and its lines. */
export function gatePanel(module: ExcitedModule, run: ExciteRun, options: PanelOptions): Figure {
  const { domain, orders, size = PANEL, points = pointsALine(run) } = options;
  const frame: Frame = { x: acrossOf(module, size), y: upOf(module, size, domain), ...size };
  return {
    ...size,
    title: `Gates of ${module.name}`,
    description: panelSentence(module, run),
    body: [
      label(shortened(module.name, 36), { ...INK, x: PANEL_LEFT, y: 14, size: 13, 'font-weight': 600 }),
      label(panelNote(module), { ...MUTED, x: PANEL_LEFT, y: 29 }),
      ...axes(module, frame),
      ...orders.map((order) => group({ class: `by-${order}` }, gateLines(module, run, frame, order, points))),
    ].join(''),
  };
}

export interface PanelOptions {
  /** See {@link gateDomain}. */
  readonly domain: readonly [number, number];
  /** A group of lines each. */
  readonly orders: readonly ChannelOrder[];
  readonly size?: Size;
  /** Most points of a line; the default keeps a page of all panels small. */
  readonly points?: number;
}

/** Every how many-th channel of a module a page draws. */
export const channelStep = ({ channels }: ExcitedModule, run: ExciteRun): number =>
  Math.ceil(channels / pointsALine(run));

function pointsALine({ excitation, chosen }: ExciteRun): number {
  const lines = excitation.modules.length * (chosen.length + 1) * CHANNEL_ORDERS.length;
  return Math.min(POINTS_A_LINE.most, Math.max(POINTS_A_LINE.least, Math.floor(MOST_POINTS / lines)));
}

interface Frame extends Size {
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleLinear<number, number>;
}

const acrossOf = ({ channels }: ExcitedModule, { width }: Size) =>
  scaleLinear([0, Math.max(1, channels - 1)], [PANEL_LEFT, width - RIGHT]);

const upOf = ({ range }: ExcitedModule, { height }: Size, domain: readonly [number, number]) =>
  scaleLinear(
    domain.map((end) => end * range),
    [height - BOTTOM, TOP],
  );

function axes({ channels }: ExcitedModule, { x, y, width, height }: Frame): readonly string[] {
  return [
    ...y
      .ticks(4)
      .map((tick) => element('path', { ...GRID, d: `M${PANEL_LEFT},${y(tick).toFixed(1)}H${width - RIGHT}` })),
    ...y
      .ticks(4)
      .map((tick) =>
        label(String(tick), { ...MUTED, x: PANEL_LEFT - 5, y: y(tick) + 3.5, size: 10, 'text-anchor': 'end' }),
      ),
    ...channelTicks(channels).map((tick) =>
      label(String(tick), { ...MUTED, x: x(tick), y: height - BOTTOM + 14, size: 10, 'text-anchor': 'middle' }),
    ),
  ];
}

/** A line for each chosen class and a bold one for all images. Of many channels some are drawn: real ones, no averages. */
function gateLines(
  module: ExcitedModule,
  run: ExciteRun,
  { x, y }: Frame,
  order: ChannelOrder,
  points: number,
): string {
  const channels = Array.from(module.mean, (_, channel) => channel);
  if (order === 'mean') channels.sort((left, right) => module.mean[left]! - module.mean[right]!);
  const step = Math.ceil(channels.length / points);
  const drawn = channels.flatMap((channel, rank) => (rank % step === 0 ? [{ channel, rank }] : []));
  const path = line<(typeof drawn)[number]>(({ rank }) => x(rank)).digits(1);
  const pathOf = (values: ArrayLike<number>) => path.y(({ channel }) => y(values[channel]!))(drawn) ?? '';
  const isDense = drawn.length > DENSE_FROM;
  return group(
    { fill: 'none', 'stroke-linejoin': 'round', 'stroke-width': isDense ? '1' : '1.4' },
    ...run.chosen.map((index, rank) => element('path', { ...lineStyle(rank), d: pathOf(module.classes[index]!.mean) })),
    element('path', { ...ALL_LINE, 'stroke-width': isDense ? '1.6' : '2.4', d: pathOf(module.mean) }),
  );
}

const panelNote = ({ specificity, saturation, isUntrained, range }: ExcitedModule): string => {
  const doubled = range === 2 ? 'doubled · ' : '';
  return isUntrained
    ? `${doubled}untrained`
    : `${doubled}class-specific ${share(specificity)} · saturated ${share(saturation)}`;
};

/** Describes a panel in words. */
export function panelSentence(module: ExcitedModule, { excitation, chosen }: ExciteRun): string {
  const sorted = Float64Array.from(module.mean).sort();
  const [least, middle, most] = [0, 0.5, 1].map((part) => sorted[Math.round(part * (sorted.length - 1))]!.toFixed(2));
  const lines = ['all images', ...chosen.map((index) => excitation.classes[index]!.name)].join(', ');
  return (
    `${module.name}: mean gates of ${count(module.channels)} channels from ${least} to ${most}, half of them above ${middle}; ` +
    `the classes explain ${share(module.specificity)} of the variance, ${share(module.saturation)} of the gates are saturated. ` +
    `Lines: ${lines}.`
  );
}

/**
 * Returns the domain of the vertical axes, as shares of each gate's range, the same in all panels: the whole range, or
 * where all gates lie in a narrow part of it, that part, out to the next tenth.
 */
export function gateDomain({ excitation, chosen }: ExciteRun): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { mean, classes, range } of excitation.modules) {
    for (const gates of [mean, ...chosen.map((index) => classes[index]!.mean)]) {
      for (const gate of gates) {
        least = Math.min(least, gate / range);
        most = Math.max(most, gate / range);
      }
    }
  }
  // Gates of other activations than the sigmoid may leave the range.
  const [first, last] = [Math.min(0, Math.floor(least * 10) / 10), Math.max(1, Math.ceil(most * 10) / 10)];
  const [low, high] = [Math.floor(least * 10 - 0.2) / 10, Math.ceil(most * 10 + 0.2) / 10];
  return high - low > 0.6 ? [first, last] : [Math.max(first, low), Math.min(last, high)];
}

/** The first and the last channel, and round numbers between them. */
function channelTicks(channels: number): readonly number[] {
  const last = channels - 1;
  const between = scaleLinear([0, last], [0, 1]).ticks(5);
  return [...between.filter((tick) => Number.isInteger(tick) && tick <= 0.85 * last), ...(last > 0 ? [last] : [])];
}
