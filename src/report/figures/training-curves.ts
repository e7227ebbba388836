import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import type { Epoch, Judged } from '../../tune/checkpoint.js';

const WIDTH = 460;
const HEIGHT = 300;
const MARGIN = { top: 40, right: 16, bottom: 42, left: 58 } as const;

interface Panel {
  readonly title: string;
  readonly training: readonly number[];
  readonly validation: readonly number[];
  /** Of the validation, before the training. */
  readonly before: number;
  /** Which epoch is written. */
  readonly best: number;
  readonly isShare: boolean;
}

/** Loss and accuracy over the epochs, as two SVGs; colours are classes, for the page to choose. */
export function trainingCurves(epochs: readonly Epoch[], before: Judged, best: number): readonly [string, string] {
  return [
    panel({
      title: 'Loss',
      training: epochs.map(({ loss }) => loss),
      validation: epochs.map(({ validationLoss }) => validationLoss),
      before: before.loss,
      best,
      isShare: false,
    }),
    panel({
      title: 'Accuracy',
      training: epochs.map(({ accuracy }) => accuracy),
      validation: epochs.map(({ validationAccuracy }) => validationAccuracy),
      before: before.accuracy,
      best,
      isShare: true,
    }),
  ];
}

function panel({ title, training, validation, before, best, isShare }: Panel): string {
  const values = [...training, ...validation, before];
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const room = (highest - lowest || Math.abs(highest) || 1) * 0.08;
  const x = scaleLinear([0, training.length], [MARGIN.left, WIDTH - MARGIN.right]);
  const y = scaleLinear([lowest - room, highest + room], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const label = y.tickFormat(5, isShare ? '.1~%' : undefined);
  const curve = (numbers: readonly number[], first: number) =>
    line<number>(
      (_, index) => round(x(index + first)),
      (value) => round(y(value)),
    )([...numbers]) ?? '';
  const points = (numbers: readonly number[], className: string) =>
    numbers.map((value, index) => dot(x(index + 1), y(value), 3, className));
  const [bottom, right] = [HEIGHT - MARGIN.bottom, WIDTH - MARGIN.right];
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title} over the epochs">`,
    `<text class="title" x="${MARGIN.left}" y="22">${title}</text>`,
    ...y
      .ticks(5)
      .flatMap((tick) => [
        `<line class="grid" x1="${MARGIN.left}" x2="${right}" y1="${round(y(tick))}" y2="${round(y(tick))}"/>`,
        `<text class="tick" text-anchor="end" x="${MARGIN.left - 8}" y="${round(y(tick) + 4)}">${label(tick)}</text>`,
      ]),
    ...wholeTicks(training.length).map(
      (tick) => `<text class="tick" text-anchor="middle" x="${round(x(tick))}" y="${bottom + 18}">${tick}</text>`,
    ),
    `<text class="tick" text-anchor="middle" x="${(MARGIN.left + right) / 2}" y="${HEIGHT - 6}">epoch</text>`,
    `<line class="before" x1="${MARGIN.left}" x2="${right}" y1="${round(y(before))}" y2="${round(y(before))}"/>`,
    `<path class="training" d="${curve(training, 1)}"/>`,
    `<path class="validation" d="${curve([before, ...validation], 0)}"/>`,
    ...points(training, 'training'),
    ...points(validation, 'validation'),
    dot(x(best), y(validation[best - 1]!), 6, 'best'),
    '</svg>',
  ].join('\n');
}

const dot = (x: number, y: number, radius: number, className: string): string =>
  `<circle class="${className}" cx="${round(x)}" cy="${round(y)}" r="${radius}"/>`;

const wholeTicks = (epochs: number): readonly number[] =>
  scaleLinear([0, epochs], [0, 1])
    .ticks(Math.min(epochs, 10))
    .filter((tick) => Number.isInteger(tick));

const round = (value: number): number => Math.round(value * 100) / 100;
