// A plot of times: a row for each thing that was measured, a dot for each who did it, on a logarithmic axis.
import { scaleBand, scaleLog } from 'd3-scale';
import { LIGHT } from '../dist/src/report/figures/palette.js';
import { element, group, label, standaloneSvg } from '../dist/src/report/figures/svg.js';

const WIDTH = 860;
const HEAD = 34;
const ROW = 30;
const FOOT = 26;
const ENTRY = 128;

/**
 * @param marks who was measured: `{ name, fill }` each
 * @param rows `{ name, marks: [{ name, fill, at }], allowed }`, in milliseconds; a bar reaches to what is allowed, if that is given
 * @param left the room for the names
 * @param digits of the numbers in the description
 */
export function dotPlot({ title, marks, rows, left, digits }) {
  const all = rows.flatMap((row) => row.marks.map(({ at }) => at));
  const x = scaleLog([Math.min(...all), Math.max(...all)], [left, WIDTH - 10]).nice();
  const y = scaleBand(
    rows.map((_, index) => index),
    [HEAD, HEAD + rows.length * ROW],
  ).paddingInner(0.3);
  const bottom = HEAD + rows.length * ROW;
  const ticks = x.ticks(6).filter((tick) => /^[125]0*$/.test(String(tick)));
  const body = [
    ...ticks.flatMap((tick) => [
      element('line', { x1: x(tick), x2: x(tick), y1: HEAD - 6, y2: bottom, stroke: LIGHT.grid }),
      label(tick < 1000 ? `${tick} ms` : `${tick / 1000} s`, {
        x: x(tick),
        y: bottom + 16,
        'text-anchor': 'middle',
        fill: LIGHT.muted,
      }),
    ]),
    legend(
      marks,
      left,
      rows.some(({ allowed }) => allowed !== undefined),
    ),
    ...rows.map((row, index) => rowOf(row, y(index), y.bandwidth(), x, left)),
  ];
  return standaloneSvg({
    width: WIDTH,
    height: bottom + FOOT,
    title,
    description: rows
      .map((row) => `${row.name}: ${row.marks.map(({ name, at }) => `${name} ${at.toFixed(digits)} ms`).join(', ')}`)
      .join('. '),
    body: body.join(''),
  });
}

const bar = (place) => element('rect', { ...place, rx: 2, fill: LIGHT.raised, stroke: LIGHT.grid });

function rowOf({ name, marks, allowed }, top, height, x, left) {
  const middle = top + height / 2;
  const start = x.range()[0];
  return group(
    {},
    label(name, { x: left - 10, y: middle + 4, size: 12, 'text-anchor': 'end', fill: LIGHT.ink }),
    ...(allowed === undefined ? [] : [bar({ x: start, y: top, width: x(allowed) - start, height })]),
    ...marks.map(({ at, fill }) => element('circle', { cx: x(at), cy: middle, r: 6, fill })),
  );
}

function legend(marks, left, hasBars) {
  const entries = [
    ...marks.map(({ name, fill }) => ({ name, mark: element('circle', { cx: 6, cy: 6, r: 6, fill }) })),
    ...(hasBars ? [{ name: 'allowed', mark: bar({ width: 14, height: 12 }) }] : []),
  ];
  return entries
    .map(({ name, mark }, index) =>
      group(
        { transform: `translate(${left + index * ENTRY} 0)` },
        mark,
        label(name, { x: 20, y: 10, size: 12, fill: LIGHT.ink }),
      ),
    )
    .join('');
}
