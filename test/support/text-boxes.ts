import { type MarkupElement, textOf } from './markup.js';

/** Where a text stands, in pixels. */
export interface TextBox {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where every text of a drawing stands, as wide as DejaVu Sans draws it, the widest of the fonts that are asked for. */
export function boxesOf(element: MarkupElement, x = 0, y = 0): readonly TextBox[] {
  const [, dx = '0', dy = '0'] = /^translate\((\S+) (\S+)\)$/.exec(element.attributes.transform ?? '') ?? [];
  const [left, top] = [x + Number(dx), y + Number(dy)];
  if (element.name === 'text') {
    const { attributes } = element;
    const size = Number(attributes['font-size']);
    const text = textOf(element);
    const characters = [...text].reduce((sum, character) => sum + (/[\u2e80-\uffdc]/.test(character) ? 1.6 : 1), 0);
    const width = 0.61 * size * characters * (Number(attributes['font-weight'] ?? 400) > 500 ? 1.08 : 1);
    const at = left + Number(attributes.x);
    const anchor = attributes['text-anchor'];
    const start = anchor === 'end' ? at - width : anchor === 'middle' ? at - width / 2 : at;
    const bottom = top + Number(attributes.y);
    return [{ text, left: start, right: start + width, top: bottom - 0.75 * size, bottom }];
  }
  return element.children.flatMap((child) => boxesOf(child, left, top));
}

export const overlap = (one: TextBox, other: TextBox): boolean =>
  one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
