// The plot of docs/BENCHMARKS.md: how long each retrofit takes, beside what it is measured against.
import { scaleBand, scaleLog } from 'd3-scale';
import { LIGHT } from '../dist/src/report/figures/palette.js';
import { element, group, label, standaloneSvg } from '../dist/src/report/figures/svg.js';
import { allowed, NAMES } from './benchmarks-page.mjs';
import { median } from './measure.mjs';

const WIDTH = 860;
const LEFT = 210;
const HEAD = 34;
const ROW = 30;
const FOOT = 26;
const ENDINGS = { tfjs: 'TensorFlow.js', 'keras-h5': '.h5', 'keras-zip': '.keras' };
const MARKS = [
  { key: 'copy', name: 'cp -r', fill: LIGHT.muted },
  { key: 'copySynced', name: 'cp -r and sync', fill: LIGHT.bar },
  { key: 'retrofit', name: 'se-retrofit', fill: LIGHT.accent },
  { key: 'keras', name: 'Keras', fill: LIGHT.classes[1] },
];

/** docs/benchmarks.svg */
export function benchmarksFigure({ retrofits }) {
  const rows = retrofits.map(({ network, container, milliseconds }) => ({
    name: `${NAMES[network]}, ${ENDINGS[container]}`,
    marks: MARKS.filter(({ key }) => milliseconds[key] !== undefined).map((mark) => ({
      ...mark,
      at: median(milliseconds[mark.key]),
    })),
    allowed: allowed(container, median(milliseconds.copy)),
  }));
  const all = rows.flatMap(({ marks }) => marks.map(({ at }) => at));
  const x = scaleLog([Math.min(...all), Math.max(...all)], [LEFT, WIDTH - 10]).nice();
  const y = scaleBand(
    rows.map((_, index) => index),
    [HEAD, HEAD + rows.length * ROW],
  ).paddingInner(0.3);
  const bottom = HEAD + rows.length * ROW;
  const ticks = x.ticks(6).filter((tick) => /^[15]0*$/.test(String(tick)) || /^20*$/.test(String(tick)));
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
    legend(),
    ...rows.map((row, index) => rowOf(row, y(index), y.bandwidth(), x)),
  ];
  return standaloneSvg({
    width: WIDTH,
    height: bottom + FOOT,
    title: 'How long a retrofit takes',
    description: rows
      .map(({ name, marks }) => `${name}: ${marks.map((mark) => `${mark.name} ${mark.at.toFixed(0)} ms`).join(', ')}`)
      .join('. '),
    body: body.join(''),
  });
}

/** The bar reaches to what is allowed; a mark for each that was measured. */
function rowOf({ name, marks, allowed: most }, top, height, x) {
  const middle = top + height / 2;
  const start = x.range()[0];
  return group(
    {},
    label(name, { x: LEFT - 10, y: middle + 4, size: 12, 'text-anchor': 'end', fill: LIGHT.ink }),
    element('rect', {
      x: start,
      y: top,
      width: x(most) - start,
      height,
      rx: 2,
      fill: LIGHT.raised,
      stroke: LIGHT.grid,
    }),
    ...marks.map(({ at, fill }) => element('circle', { cx: x(at), cy: middle, r: 6, fill })),
  );
}

function legend() {
  const entries = [
    ...MARKS.map(({ name, fill }) => ({ name, mark: element('circle', { cx: 6, cy: 6, r: 6, fill }) })),
    {
      name: 'allowed',
      mark: element('rect', { width: 14, height: 12, rx: 2, fill: LIGHT.raised, stroke: LIGHT.grid }),
    },
  ];
  return entries
    .map(({ name, mark }, index) =>
      group(
        { transform: `translate(${LEFT + index * 128} 0)` },
        mark,
        label(name, { x: 20, y: 10, size: 12, fill: LIGHT.ink }),
      ),
    )
    .join('');
}
