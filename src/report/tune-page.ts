import { trainingCurves } from './figures/training-curves.js';
import { printable } from './printable.js';
import { epochLine, type TuneRun, tuneLines } from './tune-report.js';

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2733; --faint: #8793a0; --grid: #e4e8ec; --paper: #fff; --training: #8aa4bd; --validation: #c2410c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --faint: #8b98a5; --grid: #2a343e; --paper: #12181e; --training: #5b7690; --validation: #fb923c; } }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
p { margin: .25rem 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; margin: 1.5rem 0 .5rem; }
svg { width: 100%; height: auto; }
svg text { fill: var(--faint); font: 12px system-ui, sans-serif; }
svg .title { fill: var(--ink); font-size: 15px; font-weight: 600; }
.grid { stroke: var(--grid); }
path { fill: none; stroke-width: 2; stroke-linejoin: round; }
path.training { stroke: var(--training); } circle.training { fill: var(--training); }
path.validation { stroke: var(--validation); } circle.validation { fill: var(--validation); }
.before { stroke: var(--validation); stroke-dasharray: 4 4; opacity: .6; }
circle.best { fill: none; stroke: var(--validation); stroke-width: 2; }
.key { color: var(--faint); } .key b { font-weight: 600; } .key .training { color: var(--training); } .key .validation { color: var(--validation); }
ol { list-style: none; padding: 0; color: var(--faint); font-variant-numeric: tabular-nums; }
`.trim();

/** The curves of a training as a page of its own: no scripts, nothing from elsewhere. */
export function tunePage(run: TuneRun): string {
  const { result, inputPath, output, tool } = run;
  const [loss, accuracy] = trainingCurves(result.epochs, result.before, result.best);
  const title = `${printable(inputPath)}, trained`;
  return `${[
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<h1>${escapeHtml(title)}</h1>`,
    ...tuneLines(run).map((line) => `<p>${escapeHtml(line)}</p>`),
    `<p>${escapeHtml(`written to ${printable(output.path)}`)}</p>`,
    `<div class="figures">${loss}${accuracy}</div>`,
    '<p class="key"><b class="training">training</b>, <b class="validation">validation</b>; dashed: the validation before; circle: the epoch that is written</p>',
    `<ol>${result.epochs.map((epoch) => `<li>${escapeHtml(epochLine(epoch, result.epochs.length))}</li>`).join('')}</ol>`,
    `<p class="key">${escapeHtml(tool)}</p>`,
    '</html>',
  ].join('\n')}\n`;
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
