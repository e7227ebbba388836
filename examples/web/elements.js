// Parts of the page. All text that comes out of a file goes in as text, never as HTML.

export const part = (id) => document.getElementById(id);

export function element(tag, text = '', className = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== '') made.className = className;
  return made;
}

/** Fills a list with lines, and hides it where there are none. */
export function showLines(list, lines) {
  list.replaceChildren(...lines.map((line) => element('li', line)));
  list.hidden = lines.length === 0;
}

export function showTable(table, { head, rightAligned, rows }) {
  const row = (kind) => (cells) => {
    const line = element('tr');
    line.append(...cells.map((cell, column) => element(kind, cell, rightAligned.has(column) ? 'number' : '')));
    return line;
  };
  const [thead, tbody] = [element('thead'), element('tbody')];
  thead.append(row('th')(head));
  for (const cell of thead.querySelectorAll('th')) cell.scope = 'col';
  tbody.append(...rows.map(row('td')));
  table.replaceChildren(thead, tbody);
  // What is wider than the screen scrolls by itself, by keyboard too.
  table.parentElement.tabIndex = 0;
}

/** Bytes in the unit that fits: 14.1 MB. */
export function size(bytes) {
  const units = ['B', 'kB', 'MB', 'GB'];
  const unit = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

const WHOLE = new Intl.NumberFormat('en-US');
const SHORT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

export const count = (number) => (number === null ? '?' : WHOLE.format(number));
export const magnitude = (number) => (number === null ? '?' : SHORT.format(number));
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** A part of a whole that is added: +3.7 %. */
export function percent(part, whole) {
  if (part === null || !(whole > 0)) return '';
  const share = (100 * part) / whole;
  return `+${share >= 0.1 || share === 0 ? share.toFixed(1) : share.toPrecision(1)} %`;
}
