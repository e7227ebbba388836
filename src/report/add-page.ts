import { count, plural } from '../plural.js';
import { networkMap } from './figures/network-map.js';
import { DARK_STYLE } from './figures/paint.js';
import { escaped } from './figures/svg.js';
import { htmlTable, plainPage, prose, section, wideFigure } from './html.js';
import { type Run, runWarnings } from './json-report.js';
import { optionTable } from './option-table.js';
import { PLAIN_STYLE, TABLE_STYLE } from './page-style.js';
import { byteSize, magnitude, printable, printablePath } from './printable.js';
import { SKIP_REASONS } from './sentences.js';
import { freezingCode, freezingSentence, siteTable, stageTable, warningLine } from './summary.js';
import { isVerified, verifiedLines } from './verify-report.js';

const STYLE = `
${PLAIN_STYLE}
body{max-width:1240px}
h2{font-size:21px;line-height:1.2;margin:40px 0 10px}
.lead{font-size:18px}.caption{color:var(--muted);max-width:86ch;margin:0 0 14px}
.wide svg{display:block;min-width:900px;margin:20px 0}
${TABLE_STYLE}
pre{overflow-x:auto;background:var(--raised);border-radius:8px;padding:12px 16px;font:14px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
footer{padding-top:32px}
@media print{body{font-size:12px;padding:0}.wide{overflow:visible}.wide svg{min-width:0}th,td{white-space:normal;padding:3px 8px 3px 0;font-size:10.5px}tr,svg{break-inside:avoid}}
${DARK_STYLE}
`.trim();

/** Makes the page of `add`: the drawing, every module, places without one, and the next steps. */
export function addPage(run: Run): string {
  const { plan, inputPath, verified, tool, options } = run;
  const warnings = runWarnings(run).map(warningLine);
  const next = freezingCode(plan, (run.output ?? run.model).format.container);
  const parts = [
    `<p class="lead">${prose(doneSentence(run))}</p>`,
    `<p>${prose(costSentence(plan))}</p>`,
    ...(verified === undefined ? [] : verifiedLines(verified).map((line) => `<p>${prose(line)}</p>`)),
    wideFigure(networkMap(plan, inputPath)),
    ...(warnings.length === 0 ? [] : [section('warnings', 'Warnings', '', list(warnings))]),
    section('stages', 'Stages', '', htmlTable('Table of the stages', stageTable(plan))),
    section('modules', 'Modules', MODULE_CAPTION, htmlTable('Table of the modules', siteTable(plan.sites, printable))),
    ...(plan.skipped.length === 0 ? [] : [section('skipped', 'Without a module', '', skippedTable(run))]),
    section(
      'next',
      'What to do next',
      prose(`${freezingSentence(plan).replace('the', 'The').replace(/:$/, '.')} In ${next.loader}:`),
      `<pre tabindex="0">${next.lines.map(escaped).join('\n')}</pre>`,
    ),
    section('options', 'Options', '', htmlTable('Table of the options', optionTable(options))),
  ];
  return plainPage({ title: `SE modules for ${printablePath(inputPath)}`, style: STYLE, tool, body: parts.join('\n') });
}

const MODULE_CAPTION =
  'A module starts with a gate of 1/2. “Exact by” says what makes up for it: weights before it, or behind it, that are doubled, or its own gate.';

/** Says what was done, and where the result is. */
function doneSentence({ plan, model, inputPath, output, verified }: Run): string {
  const modules = `${count(plan.sites.length)} Squeeze-and-Excitation ${plan.sites.length === 1 ? 'module' : 'modules'}`;
  const into = `into ${printablePath(inputPath)}`;
  if (output === null) {
    return verified !== undefined && !isVerified(verified)
      ? `${modules} were put ${into}, but the new model differs: it was not written.`
      : `${modules} would go ${into}. This was a dry run: nothing was written.`;
  }
  const promise = plan.exact
    ? 'Until it is trained it computes what the old one did.'
    : 'It computes something else until it is trained.';
  return `${modules} went ${into}. The new model is ${printablePath(output.path)} (${byteSize(model.bytes)} -> ${byteSize(output.bytes)}). ${promise}`;
}

/** Says of the cost what the drawing does not. */
const costSentence = ({ params, macs, options }: Run['plan']): string =>
  `The paper's formula at r = ${options.ratio} gives ${params.added === params.paper ? 'just as many parameters' : plural(params.paper, 'parameter')}; ` +
  `the squeezes take ${magnitude(macs.additions)} additions an image.`;

const list = (items: readonly string[]): string =>
  `<ul>${items.map((item) => `<li>${prose(item)}</li>`).join('')}</ul>`;

const skippedTable = ({ plan }: Run): string =>
  htmlTable('Table of what has no module', {
    head: ['layer', 'stage', 'reason'],
    rightAligned: new Set([1]),
    rows: plan.skipped.map(({ layer, stage, reason }) => [printable(layer), String(stage), SKIP_REASONS[reason]]),
  });
