// The plot of docs/BENCHMARKS.md: how long each retrofit takes, beside what it is measured against.
import { LIGHT } from '../dist/src/report/figures/palette.js';
import { allowed, NAMES } from './benchmarks-page.mjs';
import { dotPlot } from './dot-plot.mjs';
import { median } from './measure.mjs';

const ENDINGS = { tfjs: 'TensorFlow.js', 'keras-h5': '.h5', 'keras-zip': '.keras' };
const MARKS = [
  { key: 'copy', name: 'cp -r', fill: LIGHT.muted },
  { key: 'copySynced', name: 'cp -r and sync', fill: LIGHT.bar },
  { key: 'retrofit', name: 'se-retrofit', fill: LIGHT.accent },
  { key: 'keras', name: 'Keras', fill: LIGHT.classes[1] },
];

/** docs/benchmarks.svg */
export function benchmarksFigure({ retrofits }) {
  const rows = retrofits.map((row) => ({
    name: `${NAMES[row.network]}, ${ENDINGS[row.container]}`,
    marks: MARKS.filter(({ key }) => row.milliseconds[key] !== undefined).map((mark) => ({
      ...mark,
      at: median(row.milliseconds[mark.key]),
    })),
    allowed: allowed(row),
  }));
  return dotPlot({ title: 'How long a retrofit takes', marks: MARKS, rows, left: 210, digits: 0 });
}
