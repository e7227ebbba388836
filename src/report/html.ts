import { element, escaped, type Figure, inlineSvg } from './figures/svg.js';
import type { Table } from './table.js';

/** A sentence: its units stay with their numbers. */
export const prose = (text: string): string => escaped(text).replaceAll(' %', '\u00a0%');

/** A part of the page under a heading; the caption and what follows are HTML already. */
export const section = (id: string, title: string, caption: string, ...content: readonly string[]): string =>
  [
    `<section aria-labelledby="${id}">`,
    `<h2 id="${id}">${title}</h2>`,
    ...(caption === '' ? [] : [`<p class="caption">${caption}</p>`]),
    ...content,
    '</section>',
  ].join('\n');

/** Wraps content that may be wider than a small screen: it scrolls by itself, by keyboard too. */
export const scrolling = (name: string, content: string): string =>
  element('div', { class: 'wide', tabindex: 0, role: 'group', 'aria-label': name }, content);

export const wideFigure = (figure: Figure): string => scrolling(figure.title, inlineSvg(figure));

/** A table that scrolls by itself; the first cell of a row is its head. */
export function htmlTable(name: string, { head, rightAligned, rows }: Table): string {
  const cell = (tag: 'th' | 'td', scope: string | undefined) => (text: string, column: number) =>
    element(tag, { scope, class: rightAligned.has(column) ? 'number' : undefined }, prose(text));
  const line = ([first, ...rest]: readonly string[]) =>
    `<tr>${cell('th', 'row')(first!, 0)}${rest.map((text, index) => cell('td', undefined)(text, index + 1)).join('')}</tr>`;
  const table = `<table>
<thead><tr>${head.map(cell('th', 'col')).join('')}</tr></thead>
<tbody>
${rows.map(line).join('\n')}
</tbody>
</table>`;
  return scrolling(name, table);
}

/** A page without scripts, other files or network; the body is HTML already. */
export const plainPage = ({
  title,
  style,
  body,
  tool,
}: Readonly<Record<'title' | 'style' | 'body' | 'tool', string>>): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${body}
<footer>${escaped(tool)}</footer>
</body>
</html>
`;
