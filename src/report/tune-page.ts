import { inlineSvg } from './figures/svg.js';
import { trainingCurves } from './figures/training-curves.js';
import { htmlTable, plainPage, prose, section } from './html.js';
import { optionTable } from './option-table.js';
import { PLAIN_STYLE, TABLE_STYLE } from './page-style.js';
import { accuracyWords } from './printable.js';
import type { Table } from './table.js';
import { imagesOf, type TuneRun, tuneLines } from './tune-report.js';

const STYLE = `
${PLAIN_STYLE}
body{max-width:1000px;--training:var(--muted);--validation:var(--c1)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));gap:16px;margin:24px 0 4px}
.ink{fill:var(--ink)}.muted{fill:var(--muted)}.grid{stroke:var(--grid)}
.curve{fill:none;stroke-width:2;stroke-linejoin:round}
.curve.training{stroke:var(--training)}.dot.training{fill:var(--training)}
.curve.validation{stroke:var(--validation)}.dot.validation{fill:var(--validation)}
.curve.before{stroke:var(--validation);stroke-width:1.5;stroke-dasharray:4 4}
.best{fill:none;stroke:var(--validation);stroke-width:2}
.key{color:var(--muted);font-size:14px}
.key svg{width:26px;height:10px;margin:0 6px 0 14px;vertical-align:middle}
h2{font-size:21px;line-height:1.2;margin:40px 0 10px}
${TABLE_STYLE}
td:not(.number){white-space:normal;overflow-wrap:anywhere}
@media (max-width:600px){body{padding:24px 16px}table{font-size:13px}th,td{white-space:normal;padding-right:7px}}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
`.trim();

/** A legend entry: a line of the figures and its meaning. */
const keyOf = (name: string, words: string): string =>
  `<svg viewBox="0 0 26 10" aria-hidden="true"><path class="curve ${name}" d="M0,5H26"/></svg>${words}`;

/** Makes the page of a training's curves: no script, no other file, no network. */
export function tunePage(run: TuneRun): string {
  const { result, inputPath, output, tool, head } = run;
  return plainPage({
    title: `${inputPath}, trained`,
    style: STYLE,
    tool,
    body: `${[...tuneLines(run), `written to ${output.path}`].map((line) => `<p>${prose(sentence(line))}</p>`).join('\n')}
<div class="figures">
${trainingCurves(result.epochs, result.before, result.best).map(inlineSvg).join('\n')}
</div>
<p class="key">${keyOf('training', 'training')}${keyOf('validation', 'validation')}${keyOf('before', head === 'new' ? 'validation with the new head alone' : 'validation before the training')}; the ring is the epoch that is written</p>
${section('epochs', 'Epochs', '', htmlTable('Table of the epochs', epochTable(run)))}
${section('options', 'Options', '', htmlTable('Table of the options', optionTable(run.options)))}`,
  });
}

/** A line of the terminal as a sentence. */
const sentence = (line: string): string => `${line.charAt(0).toUpperCase()}${line.slice(1)}.`;

function epochTable(run: TuneRun): Table {
  const { training, validation } = imagesOf(run);
  return {
    head: ['epoch', 'loss', 'accuracy', 'validation loss', 'validation accuracy'],
    rightAligned: new Set([0, 1, 2, 3, 4]),
    rows: run.result.epochs.map(({ epoch, loss, accuracy, validationLoss, validationAccuracy }) => [
      `${epoch}${epoch === run.result.best ? ' (written)' : ''}`,
      loss.toFixed(4),
      accuracyWords(accuracy, training),
      validationLoss.toFixed(4),
      accuracyWords(validationAccuracy, validation),
    ]),
  };
}
