// The drawing of the network, and what a plan for it costs.
import { count, element, magnitude, part, percent, plural, showLines, showTable, size } from './elements.js';
import { warningWords } from './words.js';

/** How many blocks are drawn beside each other: as many as there is room for. */
export function columnsOf(width) {
  const [margin, block] = [172, 148];
  return Math.max(1, Math.min(8, Math.floor((width - margin) / block)));
}

export function showDrawing({ drawing, states }) {
  // Parsed as a document of its own, in which nothing runs.
  const svg = new DOMParser().parseFromString(drawing, 'text/html').querySelector('svg');
  svg.setAttribute('width', svg.viewBox.baseVal.width);
  part('map').replaceChildren(document.adoptNode(svg));
  part('legend').replaceChildren(...Object.keys(STATES).flatMap((state) => (states[state] ? [legendItem(state)] : [])));
}

const STATES = {
  added: 'module to add: its hidden units, and what makes up for its gate of 1/2',
  there: 'a module is there already',
  hollow: 'no module',
};

function legendItem(state) {
  const item = element('li', STATES[state]);
  item.prepend(element('span', '', `mark ${state}`));
  return item;
}

export function showPlan(planned) {
  const { params, macs, sites, siteCount, stages, totals, exact, warnings, skipped } = planned;
  showDrawing(planned);
  part('costs').replaceChildren(
    costItem('Parameters', `+${count(params.added)}`, percent(params.added, params.before)),
    costItem('MACs', `+${magnitude(macs.added)}`, percent(macs.added, macs.before)),
    costItem('Weights', `+${size(4 * params.added)}`, 'in the new file'),
    costItem('Outputs', exact ? 'the same' : 'others', 'until it is trained'),
  );
  part('totals').textContent = totals;
  showTable(part('stages'), stages);
  part('sites-title').textContent = `Module by module (${siteCount})`;
  showTable(part('sites'), sites);
  showLines(part('warnings'), warnings.map(warningWords));
  showSkipped(skipped);
}

export function showSkipped(lines) {
  part('skipped').hidden = lines.length === 0;
  part('skipped').querySelector('summary').textContent = `Where no module goes (${plural(lines.length, 'reason')})`;
  showLines(part('skipped').querySelector('ul'), lines);
}

function costItem(name, value, share) {
  const shown = element('dd', value);
  if (share !== '') shown.append(' ', element('small', share));
  const item = element('div');
  item.append(element('dt', name), shown);
  return item;
}
