import { element, escaped, type Figure, inlineSvg } from './figures/svg.js';

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

/** What may be wider than a small screen scrolls by itself, by keyboard too. */
export const scrolling = (name: string, content: string): string =>
  element('div', { class: 'wide', tabindex: 0, role: 'group', 'aria-label': name }, content);

export const wideFigure = (figure: Figure): string => scrolling(figure.title, inlineSvg(figure));
