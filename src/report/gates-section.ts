import { count, plural } from '../plural.js';
import type { ExciteRun } from './excite-run.js';
import { MOST_COLUMNS } from './figures/gate-figure.js';
import { CHANNEL_ORDERS, channelStep, gateDomain, gatePanel } from './figures/gate-panel.js';
import { ALL_LINE, lineStyle } from './figures/palette.js';
import { element, escaped, inlineSvg, shortened } from './figures/svg.js';
import { prose, section } from './html.js';

/**
 * Makes the section of the paper's figure: panels by stage. The lines shown, and the order of the channels, are chosen
 * by boxes that the page's style reads: no script.
 */
export function gatesSection(run: ExciteRun): string {
  const { modules } = run.excitation;
  const domain = gateDomain(run);
  const stages = [...new Set(modules.map(({ stage }) => stage))].map((stage) => {
    const members = modules.filter((module) => module.stage === stage);
    const params = count(members.reduce((sum, module) => sum + module.params, 0));
    return element(
      'div',
      { class: `stage s${Math.min(MOST_COLUMNS, members.length)}` },
      `<h3>Stage ${stage} <small>${plural(members.length, 'module')}, ${params} parameters</small></h3>\n`,
      element(
        'div',
        { class: 'panels' },
        ...members.map((module) => inlineSvg(gatePanel(module, run, { domain, orders: CHANNEL_ORDERS, zooms: true }))),
      ),
    );
  });
  return section(
    'gates',
    'Mean gate of each channel',
    caption(run),
    controls(run),
    element('div', { class: 'stages' }, ...stages),
  );
}

function controls({ excitation, chosen }: ExciteRun): string {
  const names = chosen.map((index) => excitation.classes[index]!.name);
  return element(
    'div',
    { class: 'controls' },
    element(
      'ul',
      { class: 'legend', 'aria-label': 'Lines to show' },
      legendItem('all images', 'show-all', { ...ALL_LINE, 'stroke-width': '3' }),
      ...names.map((name, rank) => legendItem(name, `show-${rank}`, { ...lineStyle(rank), 'stroke-width': '2.5' })),
    ),
    choice('Channels', 'order', { index: 'as in the network', mean: 'sorted by mean gate' }),
    choice('Scale', 'scale', { same: 'the same in all panels', own: "each panel's own" }),
  );
}

/** A choice that the style of the page carries out; the first one holds at first. */
const choice = (title: string, name: string, words: Readonly<Record<string, string>>): string =>
  element(
    'fieldset',
    {},
    `<legend>${title}</legend>`,
    ...Object.entries(words).map(
      ([value, text], index) =>
        `<label><input type="radio" name="${name}" id="${name}-${value}"${index === 0 ? ' checked' : ''}>${text}</label>`,
    ),
  );

function legendItem(name: string, id: string, style: Readonly<Record<string, string | undefined>>): string {
  const sample = element(
    'svg',
    { viewBox: '0 0 26 10', 'aria-hidden': 'true' },
    element('path', { ...style, d: 'M0,5h26' }),
  );
  return `<li><label><input type="checkbox" id="${id}" checked>${sample}${escaped(shortened(name, 40))}</label></li>`;
}

function caption(run: ExciteRun): string {
  const { modules, classes } = run.excitation;
  const steps = modules.map((module) => channelStep(module, run));
  const [low, high] = gateDomain(run);
  const sentences = [
    'A panel for each module: across the channels, up the mean gate by which they are multiplied; a line for each class, the bold one for all images.',
    'Where the lines lie on one another, the gate does not ask what is in the picture.',
    run.chosen.length < classes.length
      ? `Shown are ${run.chosen.length} of ${plural(classes.length, 'class', 'classes')}: those chosen with --classes, or else those that differ most.`
      : '',
    Math.max(...steps) > 1
      ? `Of modules with many channels some are drawn (1 in ${Math.max(...steps)} at the least).`
      : '',
    low > 0 || high < 1
      ? `The common scale shows ${low.toFixed(1)} to ${high.toFixed(1)} of the range: no mean gate lies outside.`
      : '',
    modules.some(({ range }) => range === 2) ? 'Doubled gates run from 0 to 2, as they multiply.' : '',
    'A scale of its own for each panel shows what hardly moves; the numbers beside it tell how little.',
  ];
  return prose(sentences.filter((sentence) => sentence !== '').join(' '));
}
