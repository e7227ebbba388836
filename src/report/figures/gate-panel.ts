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
/** Room for the numbers of narrow scales, such as 0.9985. */
const WIDER_LEFT = 40;
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

/** A module's axes and its lines. */
export function gatePanel(module: ExcitedModule, run: ExciteRun, options: PanelOptions): Figure {
  const { domain, orders, zooms = false, size = PANEL, points = pointsALine(run) } = options;
  const left = zooms ? WIDER_LEFT : PANEL_LEFT;
  const frame: Frame = { left, x: acrossOf(module, left, size), y: upOf(module, size, domain), ...size };
  const zoom = zooms ? zoomOf(module, run, frame) : undefined;
  const lines = orders.map((order) =>
    group({ class: `by-${order}` }, gateLines(module, run, frame, order, points, zoom?.factor ?? 1)),
  );
  return {
    ...size,
    title: `Gates of ${module.name}`,
    description: panelSentence(module, run),
    body: [
      label(shortened(module.name, 36), { ...INK, x: PANEL_LEFT, y: 14, size: 13, 'font-weight': 600 }),
      label(panelNote(module), { ...MUTED, x: PANEL_LEFT, y: 29 }),
      ...(zoom === undefined
        ? gateAxis(frame, frame.y)
        : [group({ class: 'same' }, ...gateAxis(frame, frame.y)), group({ class: 'own' }, ...gateAxis(frame, zoom.y))]),
      ...channelAxis(module, frame),
      ...(zoom === undefined ? lines : [group({ class: 'lines', style: `--own:${zoom.matrix}` }, ...lines)]),
    ].join(''),
  };
}

export interface PanelOptions {
  /** See {@link gateDomain}. */
  readonly domain: readonly [number, number];
  /** A group of lines each. */
  readonly orders: readonly ChannelOrder[];
  /** Adds what a page needs to show the panel by a scale of its own: the axis `own`, and `--own` for its `lines`. */
  readonly zooms?: boolean;
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
  readonly left: number;
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleLinear<number, number>;
}

const acrossOf = ({ channels }: ExcitedModule, left: number, { width }: Size) =>
  scaleLinear([0, Math.max(1, channels - 1)], [left, width - RIGHT]);

const upOf = ({ range }: ExcitedModule, size: Size, domain: readonly [number, number]) =>
  upFrom(
    domain.map((end) => end * range),
    size,
  );

const upFrom = (domain: readonly number[], { height }: Size) => scaleLinear(domain, [height - BOTTOM, TOP]);

/** Narrower scales, as shares of the range, would show how numbers are rounded. */
const NARROWEST = 1e-4;

interface Zoom {
  readonly y: ScaleLinear<number, number>;
  readonly factor: number;
  /** Leads lines of the common scale to this one, as CSS has it. */
  readonly matrix: string;
}

/** The scale of a panel's own lines; gates that are all the same keep the common one. */
function zoomOf(module: ExcitedModule, run: ExciteRun, frame: Frame): Zoom {
  const [least, most] = extremesOf(module, run);
  const missing = Math.max(0, NARROWEST * module.range - (most - least)) / 2;
  const y = least === most ? frame.y : upFrom([least - missing, most + missing], frame).nice(4);
  const [low, high] = y.domain() as [number, number];
  const factor = (y(high) - y(low)) / (frame.y(high) - frame.y(low));
  return { y, factor, matrix: `matrix(1,0,0,${factor},0,${y(low) - factor * frame.y(low)})` };
}

/** The least and the largest value of a panel's lines. */
function extremesOf({ mean, classes }: ExcitedModule, { chosen }: ExciteRun): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const gates of [mean, ...chosen.map((index) => classes[index]!.mean)]) {
    for (const gate of gates) {
      least = Math.min(least, gate);
      most = Math.max(most, gate);
    }
  }
  return [least, most];
}

function gateAxis({ left, width }: Frame, y: Frame['y']): readonly string[] {
  const format = y.tickFormat(4);
  return y.ticks(4).flatMap((tick) => {
    const text = format(tick);
    const size = text.length > 6 ? 8 : 10;
    return [
      element('path', { ...GRID, d: `M${left},${y(tick).toFixed(1)}H${width - RIGHT}` }),
      label(text, { ...MUTED, x: left - 5, y: y(tick) + 3.5, size, 'text-anchor': 'end' }),
    ];
  });
}

const channelAxis = ({ channels }: ExcitedModule, { x, height }: Frame): readonly string[] =>
  channelTicks(channels).map((tick) =>
    label(String(tick), { ...MUTED, x: x(tick), y: height - BOTTOM + 14, size: 10, 'text-anchor': 'middle' }),
  );

/** A line for each chosen class and a bold one for all images. Of many channels some are drawn: real ones, no averages. */
function gateLines(
  module: ExcitedModule,
  run: ExciteRun,
  { x, y }: Frame,
  order: ChannelOrder,
  points: number,
  zoom: number,
): string {
  const channels = Array.from(module.mean, (_, channel) => channel);
  if (order === 'mean') channels.sort((left, right) => module.mean[left]! - module.mean[right]!);
  const step = Math.ceil(channels.length / points);
  const drawn = channels.flatMap((channel, rank) => (rank % step === 0 ? [{ channel, rank }] : []));
  const path = line<(typeof drawn)[number]>(({ rank }) => x(rank)).digits(1 + Math.ceil(Math.max(0, Math.log10(zoom))));
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
  const digits = sorted.at(-1)! - sorted[0]! < 0.05 ? 4 : 2;
  const [least, middle, most] = [0, 0.5, 1].map((part) =>
    sorted[Math.round(part * (sorted.length - 1))]!.toFixed(digits),
  );
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
export function gateDomain(run: ExciteRun): readonly [number, number] {
  const shares = run.excitation.modules.flatMap((module) => extremesOf(module, run).map((gate) => gate / module.range));
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
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
