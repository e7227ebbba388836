import { DARK, LIGHT, type Theme } from './figures/palette.js';
import { escaped, FONT, inlineSvg } from './figures/svg.js';
import { trainingCurves } from './figures/training-curves.js';
import { prose } from './html.js';
import { epochLine, type TuneRun, tuneLines } from './tune-report.js';

const colours = ({ paper, ink, muted, grid, classes }: Theme): string =>
  `--paper:${paper};--ink:${ink};--muted:${muted};--grid:${grid};--training:${muted};--validation:${classes[1]}`;

const STYLE = `
:root{color-scheme:light dark;${colours(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${colours(DARK)}}}
@media print{:root{color-scheme:light;${colours(LIGHT)}}}
body{margin:0 auto;max-width:1000px;padding:40px 24px;background:var(--paper);color:var(--ink);font:16px/1.5 ${FONT}}
h1{font-size:28px;line-height:1.2;margin:0 0 12px;overflow-wrap:anywhere}
p{margin:4px 0;overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));gap:16px;margin:24px 0 4px}
svg{width:100%;height:auto}svg text{font-family:inherit}
.ink{fill:var(--ink)}.muted{fill:var(--muted)}.grid{stroke:var(--grid)}
.curve{fill:none;stroke-width:2;stroke-linejoin:round}
.curve.training{stroke:var(--training)}.dot.training{fill:var(--training)}
.curve.validation{stroke:var(--validation)}.dot.validation{fill:var(--validation)}
.curve.before{stroke:var(--validation);stroke-width:1.5;stroke-dasharray:4 4}
.best{fill:none;stroke:var(--validation);stroke-width:2}
.key,ol,footer{color:var(--muted);font-size:14px}
.key svg{width:26px;height:10px;margin:0 6px 0 14px;vertical-align:middle}
ol{list-style:none;padding:0;margin:24px 0;font-variant-numeric:tabular-nums}
`.trim();

/** A line of the figures and what it means. */
const keyOf = (name: string, words: string): string =>
  `<svg viewBox="0 0 26 10" aria-hidden="true"><path class="curve ${name}" d="M0,5H26"/></svg>${words}`;

/** The curves of a training as a page of its own: no script, no other file, no network. */
export function tunePage(run: TuneRun): string {
  const { result, inputPath, output, tool } = run;
  const title = escaped(`${inputPath}, trained`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
${[...tuneLines(run), `written to ${output.path}`].map((line) => `<p>${prose(line)}</p>`).join('\n')}
<div class="figures">
${trainingCurves(result.epochs, result.before, result.best).map(inlineSvg).join('\n')}
</div>
<p class="key">${keyOf('training', 'training')}${keyOf('validation', 'validation')}${keyOf('before', 'validation before the training')}; the ring is the epoch that is written</p>
<ol>
${result.epochs.map((epoch) => `<li>${prose(epochLine(epoch, result.epochs.length))}</li>`).join('\n')}
</ol>
<footer>${escaped(tool)}</footer>
</body>
</html>
`;
}
