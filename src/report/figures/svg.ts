import { visible } from '../printable.js';

/** A drawing, in its own pixels. */
export interface Figure {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** Description for readers who do not see the drawing. */
  readonly description: string;
  /** SVG elements. */
  readonly body: string;
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes any text, names from files too, for HTML and SVG: between tags and in attributes. */
export const escaped = (text: string): string =>
  visible(text)
    .replace(NO_XML, '\ufffd')
    .replace(/[&<>"']/g, (mark) => ESCAPES[mark]!);

/** Characters that XML forbids, escaped or not: unpaired surrogates, and two that are no characters. */
const NO_XML = /[\p{Cs}\ufffe\uffff]/gu;

/** An element; children are SVG or HTML already, attributes are escaped here, those that are undefined left out. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const start = `<${name}${Object.entries(attributes)
    .map(([key, value]) => attribute(key, value))
    .join('')}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`;
}

function attribute(key: string, value: string | number | undefined): string {
  if (value === undefined) return '';
  return ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(value)}"`;
}

/** A tenth of a pixel is as good as any other. */
const rounded = (value: number): string => String(Math.round(value * 10) / 10);

export const group = (attributes: Attributes, ...children: readonly string[]): string =>
  element('g', attributes, ...children);

/** A line of text. `size` in pixels. */
export const label = (
  content: string,
  { x, y, size = 11, ...rest }: { readonly x: number; readonly y: number; readonly size?: number } & Attributes,
): string => element('text', { x, y, 'font-size': size, ...rest }, escaped(content));

/** Text that browsers show under the pointer. */
export const tooltip = (content: string): string => element('title', {}, escaped(content));

/** Shortens a text to this many characters at the most: wide ones count twice. */
export function shortened(text: string, most: number): string {
  const characters = [...visible(text)];
  let width = 0;
  for (const [index, character] of characters.entries()) {
    width += widthOf(character);
    if (width > most) return `${characters.slice(0, Math.max(1, index - 1)).join('')}…`;
  }
  return characters.join('');
}

/** The characters of a text, wide ones twice. */
export const widthOf = (text: string): number =>
  [...text].reduce((sum, character) => sum + (WIDE.test(character) ? 2 : 1), 0);

const WIDE = /[\u1100-\u11ff\u2e80-\uffdc\u{1f000}-\u{3ffff}]/u;

export const FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif";

const MARGIN = 20;
const TITLE_HEIGHT = 36;

/** Makes a separate file, on white, under its title; `style` may give its parts other colours. */
export const standaloneSvg = ({ title, description, body, ...size }: Figure, style = ''): string => {
  const [width, height] = [size.width + 2 * MARGIN, size.height + 2 * MARGIN + TITLE_HEIGHT];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${rounded(width)} ${rounded(height)}`,
      width,
      height,
      role: 'img',
      'font-family': FONT,
    },
    element('title', {}, escaped(title)),
    element('desc', {}, escaped(description)),
    ...(style === '' ? [] : [element('style', {}, style)]),
    element('rect', { class: 'paper', width: '100%', height: '100%', fill: '#ffffff' }),
    label(title, { class: 'ink', x: MARGIN, y: MARGIN + 17, size: 19, 'font-weight': 700, fill: '#14171c' }),
    group({ transform: `translate(${MARGIN} ${MARGIN + TITLE_HEIGHT})` }, body),
  )}\n`;
};

/** A part of a page, which gives it colours by the classes of its elements. */
export const inlineSvg = ({ width, height, title, description, body }: Figure): string =>
  element(
    'svg',
    { viewBox: `0 0 ${rounded(width)} ${rounded(height)}`, role: 'img', 'aria-label': `${title}. ${description}` },
    body,
  );
