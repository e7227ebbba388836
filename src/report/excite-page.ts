import { count, plural } from '../plural.js';
import { fileName, notesSection } from './excite-notes.js';
import type { ExciteRun } from './excite-run.js';
import { exciteWarnings, nextStep, recommendationSentence, stageList, subjectLine } from './excite-sentences.js';
import { PAGE_STYLE } from './excite-style.js';
import { classesPart, distanceFigure, NOTHING_SHOWN } from './figures/distance-figure.js';
import { stageFigure } from './figures/stage-figure.js';
import { escaped, shortened } from './figures/svg.js';
import { gatesSection } from './gates-section.js';
import { htmlTable, prose, section, wideFigure } from './html.js';
import { share } from './printable.js';
import { warningLine } from './summary.js';

const MOST_WARNINGS = 8;

/** Copies the command; without scripts the page shows it all the same. */
export const COPY_SCRIPT = `
for (const button of document.querySelectorAll('button[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const command = document.getElementById(button.dataset.copy);
    let isCopied = true;
    try {
      await navigator.clipboard.writeText(command.textContent);
    } catch {
      getSelection().selectAllChildren(command);
      isCopied = document.execCommand('copy');
    }
    button.textContent = isCopied ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
}
`;

/** Hash of this script, the only one that the page allows. */
export const COPY_SCRIPT_HASH = 'sha256-FLPBMKlKr6Gub0P4kOBaGEiaBy3Q/rEg0JkXcn9/N70=';

/** The whole report as one HTML page: no other file, no network; for screens, light and dark, and paper. */
export function excitePage(run: ExciteRun): string {
  const title = `Gates of ${fileName(run.input.path)}`;
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src '${COPY_SCRIPT_HASH}'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="${escaped(run.tool)}">
<title>${escaped(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<p class="kicker">Squeeze and excitation, looked at</p>
<h1>${escaped(title)}</h1>
<p class="lead">${prose(subjectLine(run))}: what their gates let through, channel by channel and class by class.</p>
${tiles(run)}
</header>
<main>
${advice(run)}
${gatesSection(run)}
${run.pairs.length === 0 ? '' : section('distances', 'Where the classes part', distanceCaption(run), wideFigure(distanceFigure(run)))}
${section('stages', 'What each stage costs and says', STAGE_CAPTION, wideFigure(stageFigure(run)))}
${modulesSection(run)}
${notesSection(run)}
</main>
<footer>${escaped(run.tool)}</footer>
<script>${COPY_SCRIPT}</script>
</body>
</html>
`;
}

const DISTANCE_CAPTION =
  'Rows are pairs of classes, those farthest apart first; columns are the modules in the order in which they run. The stronger the colour, the more the mean gates of the two classes differ: root mean square over the channels, less what chance explains.';
const distanceCaption = (run: ExciteRun): string =>
  classesPart(run) ? DISTANCE_CAPTION : `The classes do not part yet: ${NOTHING_SHOWN}. ${DISTANCE_CAPTION}`;
const STAGE_CAPTION =
  'Bars are stages, dots their modules. Modules that cost much, tell no classes apart and hardly move are the ones to leave out.';

/** The numbers to remember. */
function tiles({
  excitation: { modules, images, classes },
  recommendation: { stages, skipStages, savesParams },
}: ExciteRun) {
  const params = modules.reduce((sum, module) => sum + module.params, 0);
  const [speaking] = stages.toSorted((left, right) => right.specificity - left.specificity);
  const skipped = stages.filter(({ isSkipped }) => isSkipped);
  const numbers: readonly (readonly [string, string])[] = [
    [count(images), `images of ${plural(classes.length, 'class', 'classes')}`],
    [count(modules.length), `SE modules in ${plural(stages.length, 'stage')}`],
    [count(params), 'parameters in them'],
    [share(speaking!.specificity), `class-specific in stage ${speaking!.stage}, the most of all stages`],
    skipStages.length === 0
      ? ['none', 'of the stages is recommended to leave out']
      : [share(savesParams / params), `of these parameters can go: ${stageList(skipped)}`],
  ];
  const items = numbers.map(([number, what]) => `<li><b>${prose(number)}</b> <span>${prose(what)}</span></li>`);
  return `<ul class="tiles">${items.join('')}</ul>`;
}

function advice(run: ExciteRun): string {
  const next = nextStep(run);
  const warnings = exciteWarnings(run);
  const more = warnings.length - MOST_WARNINGS;
  const items = [
    ...warnings.slice(0, MOST_WARNINGS).map((warning) => prose(warningLine(warning))),
    ...(more > 0 ? [`and ${count(more)} more`] : []),
  ];
  return [
    '<section class="advice" aria-labelledby="advice">',
    '<h2 id="advice">Recommendation</h2>',
    `<p>${prose(recommendationSentence(run.recommendation))}</p>`,
    next === undefined
      ? ''
      : `<div class="command"><pre tabindex="0"><code id="command">${escaped(next.command)}</code></pre><button type="button" data-copy="command" hidden>Copy</button></div>\n<p class="note">${prose(next.note)}</p>`,
    items.length === 0 ? '' : `<ul class="warnings">${items.map((item) => `<li>${item}</li>`).join('')}</ul>`,
    '</section>',
  ].join('\n');
}

function modulesSection({ excitation }: ExciteRun): string {
  const head = [
    'module',
    'stage',
    'block',
    'channels',
    'parameters',
    'mean gate',
    'movement',
    'class-specific',
    'saturated',
  ];
  const rows = excitation.modules.map((module) => [
    shortened(module.name, 48),
    String(module.stage),
    module.block === null ? '–' : String(module.block),
    count(module.channels),
    count(module.params),
    (module.mean.reduce((sum, value) => sum + value, 0) / module.channels).toFixed(3),
    module.isUntrained ? 'untrained or dead' : share(Math.sqrt(module.variances.total)),
    share(module.specificity),
    share(module.saturation),
  ]);
  // The style of the page aligns the cells.
  const table = htmlTable('Table of all modules', { head, rightAligned: new Set(), rows });
  return section('modules', 'Every module', '', table);
}
