import { scaleBand, scaleLinear } from 'd3-scale';
import type { ClassPair } from '../../runtime/class-distances.js';
import type { ExciteRun } from '../excite-run.js';
import { GRID, INK, LIGHT, MUTED } from './palette.js';
import { element, type Figure, group, label, shortened, tooltip, widthOf } from './svg.js';

const ROW = 24;
const HEAD = 46;
const FOOT = 30;
const NAMES = { least: 90, most: 290, character: 7.2 } as const;
const MOST_CHARACTERS = 18;
const CELL = { least: 16, most: 76 } as const;
const ROOM = 960;
const SCALE_ROOM = 680;
/** Cells as wide as this hold their number. */
const NUMBERED_FROM = 34;
/** Smaller distances read as 0. */
const LEAST_SHOWN = 0.0005;

/** Whether any two classes are as far apart as can be read from the figure. */
export const classesPart = ({ pairs }: ExciteRun): boolean => largestDistance(pairs) >= LEAST_SHOWN;

/** The sentence for a figure in which no two classes part. */
export const NOTHING_SHOWN = `in every module their mean gates differ by less than ${LEAST_SHOWN} of the range`;

const largestDistance = (rows: readonly Pick<ClassPair, 'distances'>[]): number =>
  Math.max(...rows.flatMap(({ distances }) => distances), 0);

/** Draws the distance of every two chosen classes in each module: rows are pairs, columns are modules by stage. */
export function distanceFigure(run: ExciteRun): Figure {
  const { modules, classes } = run.excitation;
  const rows = run.pairs.map(({ left, right, distances }) => ({
    name: `${shortened(classes[left]!.name, MOST_CHARACTERS)} – ${shortened(classes[right]!.name, MOST_CHARACTERS)}`,
    distances,
  }));
  const longest = Math.max(...rows.map(({ name }) => widthOf(name)), 0);
  const nameWidth = Math.min(NAMES.most, Math.max(NAMES.least, longest * NAMES.character));
  const left = nameWidth + 10;
  const cell = Math.min(CELL.most, Math.max(CELL.least, ROOM / modules.length));
  const x = scaleBand(
    modules.map((_, index) => index),
    [left, left + cell * modules.length],
  ).paddingInner(0.06);
  // The full colour is a difference that counts: smaller ones are pale, and noise is.
  const most = Math.max(largestDistance(rows), run.recommendation.rule.classSpreadBelow);
  const strength = scaleLinear([0, most], [0, 1]);
  const width = left + Math.max(cell * modules.length, SCALE_ROOM);
  const body = [
    ...stageHeads(run, (index) => x(index)!, x.bandwidth()),
    ...rows.flatMap(({ name, distances }, row) => {
      const top = HEAD + row * ROW;
      return [
        label(name, { ...INK, x: left - 10, y: top + ROW / 2 + 4, size: 12, 'text-anchor': 'end' }),
        ...distances.map((distance, index) =>
          cellOf(distance, strength(distance), {
            x: x(index)!,
            y: top + 1,
            width: x.bandwidth(),
            tip: `${name}, ${modules[index]!.name}: ${distance.toFixed(3)}`,
          }),
        ),
      ];
    }),
    group({ transform: `translate(${left} ${HEAD + rows.length * ROW + 14})` }, scaleBar(most, classesPart(run))),
  ];
  return {
    width,
    height: HEAD + rows.length * ROW + FOOT,
    title: 'Distance between classes',
    description: describe(run),
    body: body.join(''),
  };
}

function cellOf(
  distance: number,
  strength: number,
  { x, y, width, tip }: { readonly x: number; readonly y: number; readonly width: number; readonly tip: string },
): string {
  const box = element(
    'rect',
    {
      class: 'heat',
      fill: LIGHT.heat,
      'fill-opacity': (0.04 + 0.96 * strength).toFixed(2),
      x,
      y,
      width,
      height: ROW - 2,
      rx: 2,
    },
    tooltip(tip),
  );
  if (width < NUMBERED_FROM) return box;
  const style = strength > 0.55 ? { class: 'on-heat', fill: '#ffffff' } : INK;
  return (
    box +
    label(shortNumber(distance), {
      ...style,
      x: x + width / 2,
      y: y + ROW / 2 + 3,
      'text-anchor': 'middle',
      'pointer-events': 'none',
    })
  );
}

const shortNumber = (value: number): string => value.toFixed(value < 0.0995 ? 3 : 2).replace(/^0/, '');

/** Stages over their modules, and the number of each block in its stage. */
function stageHeads({ excitation }: ExciteRun, leftOf: (index: number) => number, width: number): readonly string[] {
  const { modules } = excitation;
  return [...new Set(modules.map(({ stage }) => stage))].flatMap((stage) => {
    const members = modules.flatMap((module, index) => (module.stage === stage ? [index] : []));
    const [start, end] = [leftOf(members[0]!), leftOf(members.at(-1)!) + width];
    return [
      label(end - start < 52 ? String(stage) : `Stage ${stage}`, {
        ...INK,
        x: (start + end) / 2,
        y: HEAD - 28,
        size: 12,
        'font-weight': 600,
        'text-anchor': 'middle',
      }),
      element('path', { ...GRID, d: `M${start.toFixed(1)},${HEAD - 21.5}H${end.toFixed(1)}`, 'stroke-width': '2' }),
      ...members.map((index, rank) =>
        label(String(modules[index]!.block ?? rank + 1), {
          ...MUTED,
          x: leftOf(index) + width / 2,
          y: HEAD - 6,
          size: 10,
          'text-anchor': 'middle',
        }),
      ),
    ];
  });
}

/** Draws the scale of the colours. */
function scaleBar(most: number, part: boolean): string {
  const steps = Array.from({ length: 24 }, (_, step) =>
    element('rect', {
      class: 'heat',
      fill: LIGHT.heat,
      'fill-opacity': (0.04 + (0.96 * step) / 23).toFixed(2),
      x: step * 7,
      y: 0,
      width: 7,
      height: 10,
    }),
  );
  const note = `of the range: ${part ? 'root mean square difference of the mean gates' : 'no two classes part yet'}`;
  return (
    label('0', { ...MUTED, x: -8, y: 9, 'text-anchor': 'end' }) +
    steps.join('') +
    label(`${most.toFixed(most < 0.1 ? 3 : 2)}   ${note}`, { ...MUTED, x: 24 * 7 + 8, y: 9 })
  );
}

function describe(run: ExciteRun): string {
  const { pairs, excitation } = run;
  const { modules, classes } = excitation;
  const [farthest] = pairs;
  if (farthest === undefined) return 'There is one class only.';
  if (!classesPart(run)) return `No two classes part yet: ${NOTHING_SHOWN}.`;
  const module = farthest.distances.indexOf(Math.max(...farthest.distances));
  const nearest = pairs.at(-1)!;
  const nameOf = ({ left, right }: typeof farthest) => `${classes[left]!.name} and ${classes[right]!.name}`;
  return (
    `Over all modules ${nameOf(farthest)} are farthest apart, most of all in ${modules[module]!.name} ` +
    `(${farthest.distances[module]!.toFixed(3)}); ${nameOf(nearest)} are nearest.`
  );
}
