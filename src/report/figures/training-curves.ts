import { type ScaleLinear, scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import type { Epoch, Judged } from '../../tune/checkpoint.js';
import { GRID, INK, MUTED } from './palette.js';
import { element, type Figure, label } from './svg.js';

const [WIDTH, HEIGHT] = [460, 300];
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 14, 36, 40];

interface Curves {
  readonly title: string;
  readonly training: readonly number[];
  readonly validation: readonly number[];
  /** Value on the validation images before the training. */
  readonly before: number;
  readonly format: string;
  /** Limit of the values. */
  readonly highest?: number;
}

/** Loss and accuracy over the epochs; `best` is the epoch that is written. */
export const trainingCurves = (epochs: readonly Epoch[], before: Judged, best: number): readonly Figure[] => [
  panel(
    {
      title: 'Loss',
      training: epochs.map(({ loss }) => loss),
      validation: epochs.map(({ validationLoss }) => validationLoss),
      before: before.loss,
      format: '~r',
    },
    best,
  ),
  panel(
    {
      title: 'Accuracy',
      training: epochs.map(({ accuracy }) => accuracy),
      validation: epochs.map(({ validationAccuracy }) => validationAccuracy),
      before: before.accuracy,
      format: '~%',
      highest: 1,
    },
    best,
  ),
];

function panel(curves: Curves, best: number): Figure {
  const { title, training, validation, before, highest } = curves;
  const reached = [before, ...validation][best]!;
  const x = scaleLinear([0, training.length], [LEFT, WIDTH - RIGHT]);
  const y = upOf([...training, ...validation, before], highest);
  const path = (values: readonly number[], first: number) =>
    line<number>(
      (_, index) => x(first + index),
      (value) => y(value),
    ).digits(1)([...values]) ?? '';
  const dots = (values: readonly number[], name: string) =>
    values.map((value, index) => element('circle', { class: `dot ${name}`, cx: x(index + 1), cy: y(value), r: 3 }));
  return {
    width: WIDTH,
    height: HEIGHT,
    title: `${title} over the epochs`,
    description: `Validation: ${before.toPrecision(3)} before, ${reached.toPrecision(3)} after epoch ${best}`,
    body: [
      label(title, { ...INK, x: LEFT, y: 20, size: 15, 'font-weight': 600 }),
      ...axes(x, y, curves),
      element('path', { class: 'curve training', d: path(training, 1) }),
      element('path', { class: 'curve before', d: path([before, before], 0).replace(/L.*/, `H${WIDTH - RIGHT}`) }),
      element('path', { class: 'curve validation', d: path([before, ...validation], 0) }),
      ...dots(training, 'training'),
      ...dots(validation, 'validation'),
      element('circle', { class: 'best', cx: x(best), cy: y(reached), r: 7 }),
    ].join(''),
  };
}

/** Scale from the lowest to the highest value, with a little room inside the possible range; where all are equal, around them. */
function upOf(values: readonly number[], most = Number.POSITIVE_INFINITY): ScaleLinear<number, number> {
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const room = (highest - lowest || Math.abs(highest) || 1) * 0.08;
  const least = lowest >= 0 ? 0 : Number.NEGATIVE_INFINITY;
  const domain = [Math.max(least, lowest - room), Math.min(most, highest + room)];
  return scaleLinear(domain, [HEIGHT - BOTTOM, TOP]);
}

function axes(
  x: ScaleLinear<number, number>,
  y: ScaleLinear<number, number>,
  { training, format }: Curves,
): readonly string[] {
  const words = y.tickFormat(5, format);
  const across = x.ticks(Math.min(training.length, 10)).filter((tick) => Number.isInteger(tick));
  const middle = { ...MUTED, 'text-anchor': 'middle' } as const;
  return [
    ...y
      .ticks(5)
      .flatMap((tick) => [
        element('path', { ...GRID, d: `M${LEFT},${y(tick).toFixed(1)}H${WIDTH - RIGHT}` }),
        label(words(tick), { ...MUTED, 'text-anchor': 'end', x: LEFT - 7, y: y(tick) + 4 }),
      ]),
    ...across.map((tick) => label(String(tick), { ...middle, x: x(tick), y: HEIGHT - BOTTOM + 17 })),
    label('epoch', { ...middle, x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6 }),
  ];
}
