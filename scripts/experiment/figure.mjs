import { scaleLinear, scaleLog } from 'd3-scale';
import { GRID, INK, LIGHT, MUTED } from '../../dist/src/report/figures/palette.js';
import { element, group, label, standaloneSvg } from '../../dist/src/report/figures/svg.js';
import { mean } from './statistics.mjs';

const [WIDTH, HEIGHT] = [760, 520];
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 130, 160, 52];
const NAME_GAP = 22;

/**
 * Accuracy against the number of parameters that are trained, a line for each number of labelled pictures.
 * @param lines `{ count, points: [{ title, parameters, accuracies }] }`, one accuracy for each seed
 */
export function accuracyFigure(lines) {
  const all = lines.flatMap(({ points }) => points);
  const x = scaleLog([1e3, 4e6], [LEFT, WIDTH - RIGHT]);
  const accuracies = all.flatMap((point) => point.accuracies);
  const y = scaleLinear([Math.min(...accuracies), Math.max(...accuracies)], [HEIGHT - BOTTOM, TOP]).nice();
  const middle = { ...MUTED, 'text-anchor': 'middle' };
  const body = [
    ...y
      .ticks(6)
      .flatMap((tick) => [
        element('path', { ...GRID, d: `M${LEFT},${y(tick)}H${WIDTH - RIGHT}` }),
        label(`${Math.round(100 * tick)} %`, { ...MUTED, 'text-anchor': 'end', x: LEFT - 8, y: y(tick) + 4 }),
      ]),
    ...[1e3, 1e4, 1e5, 1e6].map((tick) =>
      label(tick.toLocaleString('en-US'), { ...middle, x: x(tick), y: HEIGHT - BOTTOM + 18 }),
    ),
    label('trained parameters', { ...middle, x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 10, size: 12 }),
    ...spread(lines[0].points, x).flatMap(({ title, at, top }) => [
      element('path', {
        ...GRID,
        fill: 'none',
        'stroke-dasharray': '2 3',
        d: `M${top.toFixed(1)},${TOP - 24}L${at.toFixed(1)},${TOP - 8}V${HEIGHT - BOTTOM}`,
      }),
      label(title, { ...INK, transform: `translate(${(top + 3).toFixed(1)} ${TOP - 28}) rotate(-42)`, x: 0, y: 0 }),
    ]),
    ...lines.map((line, index) => drawLine(line, LIGHT.classes[index], x, y)),
  ];
  return standaloneSvg({
    width: WIDTH,
    height: HEIGHT,
    title: 'Accuracy on 10,000 pictures, by what was trained',
    description: lines.map(({ count, points }) => `${count} labelled: ${points.map(inWords).join(', ')}`).join('. '),
    body: body.join(''),
  });
}

/** Where the name of each stands, above its place or beside it, so far from the one before that both can be read. */
function spread(points, x) {
  let last = 0;
  return points
    .toSorted((left, right) => left.parameters - right.parameters)
    .map(({ title, parameters }) => {
      const at = x(parameters);
      last = Math.max(at, last + NAME_GAP);
      return { title, at, top: last };
    });
}

const inWords = ({ title, accuracies }) => `${title} ${(100 * mean(accuracies)).toFixed(1)} %`;

/** A dot is the mean of the seeds, its bar goes from the worst to the best. */
function drawLine({ count, points }, colour, x, y) {
  const sorted = points.toSorted((left, right) => left.parameters - right.parameters);
  const last = sorted.at(-1);
  return group(
    { stroke: colour, fill: colour },
    element('path', {
      d: `M${sorted.map(({ parameters, accuracies }) => `${x(parameters).toFixed(1)},${y(mean(accuracies)).toFixed(1)}`).join('L')}`,
      fill: 'none',
      'stroke-opacity': 0.35,
      'stroke-width': 2,
    }),
    ...sorted.flatMap(({ parameters, accuracies }) => [
      element('path', {
        d: `M${x(parameters).toFixed(1)},${y(Math.min(...accuracies)).toFixed(1)}V${y(Math.max(...accuracies)).toFixed(1)}`,
        'stroke-width': 3,
        'stroke-opacity': 0.5,
      }),
      element('circle', { cx: x(parameters), cy: y(mean(accuracies)), r: 5, stroke: LIGHT.paper, 'stroke-width': 1.5 }),
    ]),
    label(`${count.toLocaleString('en-US')} labelled pictures`, {
      x: x(last.parameters) + 12,
      y: y(mean(last.accuracies)) + 4,
      stroke: 'none',
      size: 12,
      'font-weight': 600,
    }),
  );
}
