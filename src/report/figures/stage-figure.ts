import { scaleLinear } from 'd3-scale';
import { count } from '../../plural.js';
import type { StageGates } from '../../runtime/recommend-stages.js';
import type { ExciteRun } from '../excite-run.js';
import { share } from '../printable.js';
import { GRID, INK, LIGHT, MUTED } from './palette.js';
import { element, type Figure, group, label } from './svg.js';

const HEAD = 46;
const ROW = 46;
const NAMES = 92;
const COLUMN = { width: 204, gap: 26, bar: 14 } as const;

interface Measure {
  readonly title: string;
  readonly note: string;
  readonly numberOf: (stage: StageGates) => number;
  readonly shownAs: (stage: StageGates) => string;
  /** Least value that a whole bar represents. */
  readonly whole: number;
  /** Values of each module of a stage, as dots. */
  readonly dotsOf?: (run: ExciteRun, stage: number) => readonly number[];
}

const modulesOf = ({ excitation }: ExciteRun, stage: number) =>
  excitation.modules.filter((module) => module.stage === stage);

const MEASURES: readonly Measure[] = [
  {
    title: 'Parameters',
    note: 'of all modules',
    whole: 1,
    numberOf: ({ paramsShare }) => paramsShare,
    shownAs: ({ params, paramsShare }) => `${count(params)} (${share(paramsShare)})`,
  },
  {
    title: 'Class-specific',
    note: 'variance that classes explain',
    whole: 1,
    numberOf: ({ specificity }) => specificity,
    shownAs: ({ specificity }) => share(specificity),
    dotsOf: (run, stage) => modulesOf(run, stage).map(({ specificity }) => specificity),
  },
  {
    title: 'Movement',
    note: 'from image to image, of the range',
    whole: 0.1,
    numberOf: ({ spread }) => spread,
    shownAs: ({ spread }) => share(spread),
    dotsOf: (run, stage) => modulesOf(run, stage).map(({ variances }) => Math.sqrt(variances.total)),
  },
  {
    title: 'Saturated',
    note: 'gates in the outer tenths',
    whole: 1,
    numberOf: ({ saturation }) => saturation,
    shownAs: ({ saturation }) => share(saturation),
    dotsOf: (run, stage) => modulesOf(run, stage).map(({ saturation }) => saturation),
  },
];

/** Draws the cost of each stage's modules next to how much their gates say: bars for stages, dots for their modules. */
export function stageFigure(run: ExciteRun): Figure {
  const { stages } = run.recommendation;
  const width = NAMES + MEASURES.length * COLUMN.width + (MEASURES.length - 1) * COLUMN.gap;
  const body = [
    ...stages.map((stage, row) => stageName(stage, HEAD + row * ROW)),
    ...MEASURES.map((measure, index) =>
      group({ transform: `translate(${NAMES + index * (COLUMN.width + COLUMN.gap)} 0)` }, measureColumn(measure, run)),
    ),
  ];
  return {
    width,
    height: HEAD + stages.length * ROW,
    title: 'What the stages cost and say',
    description: stages
      .map(
        (stage) =>
          `Stage ${stage.stage}${stage.isSkipped ? ', to be left out' : ''}: ` +
          `${MEASURES.map((measure) => `${measure.title.toLowerCase()} ${measure.shownAs(stage)}`).join(', ')}.`,
      )
      .join(' '),
    body: body.join(''),
  };
}

const stageName = ({ stage, modules, isSkipped, isUntrained }: StageGates, top: number): string => {
  const note = isSkipped ? 'skip' : isUntrained ? 'untrained' : `${modules} module${modules === 1 ? '' : 's'}`;
  const style = isSkipped ? { class: 'accent-text', fill: LIGHT.accent, 'font-weight': 700 } : MUTED;
  return (
    label(`Stage ${stage}`, { ...INK, x: 0, y: top + 15, size: 14, 'font-weight': 600 }) +
    label(note, { ...style, x: 0, y: top + 31 })
  );
};

function measureColumn({ title, note, whole, numberOf, shownAs, dotsOf }: Measure, run: ExciteRun): string {
  const { stages } = run.recommendation;
  const dots = stages.map(({ stage }) => dotsOf?.(run, stage) ?? []);
  const most = Math.max(...stages.map(numberOf), ...dots.flat(), whole);
  const x = scaleLinear([0, most], [0, COLUMN.width]);
  return [
    label(title, { ...INK, x: 0, y: HEAD - 30, size: 13, 'font-weight': 600 }),
    label(note, { ...MUTED, x: 0, y: HEAD - 14 }),
    element('path', { ...GRID, d: `M0.5,${HEAD - 4}V${HEAD + stages.length * ROW - 8}` }),
    ...stages.flatMap((stage, row) => {
      const top = HEAD + row * ROW;
      const middle = top + 4 + COLUMN.bar / 2;
      return [
        element('rect', {
          class: stage.isSkipped ? 'bar chosen' : 'bar',
          fill: stage.isSkipped ? LIGHT.accent : LIGHT.bar,
          x: 0,
          y: top + 4,
          width: Math.max(1, x(numberOf(stage))),
          height: COLUMN.bar,
          rx: 2,
        }),
        ...dots[row]!.map((value) =>
          element('circle', {
            class: 'dot',
            fill: LIGHT.ink,
            'fill-opacity': '0.55',
            cx: x(value),
            cy: middle,
            r: 2.2,
          }),
        ),
        label(shownAs(stage), { ...INK, x: 0, y: top + 33, size: 12 }),
      ];
    }),
  ].join('');
}
