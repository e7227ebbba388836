import { ALL_LINE, INK, lineStyle } from './palette.js';
import { element, label, shortened, widthOf } from './svg.js';

export const LEGEND_LINE = 20;

const SAMPLE = 22;
const GAP = 18;
const CHARACTER = 7.4;
const MOST_CHARACTERS = 32;

/** Draws the legend of the gate figure's lines: all images first, then each class; in as many rows as needed. */
export function legend(
  names: readonly string[],
  { x, width }: { readonly x: number; readonly width: number },
): { readonly body: string; readonly height: number } {
  let [left, row] = [0, 0];
  const items = ['all images', ...names].map((name, index) => {
    const shown = shortened(name, MOST_CHARACTERS);
    const itemWidth = SAMPLE + 6 + widthOf(shown) * CHARACTER + GAP;
    if (left > 0 && left + itemWidth > width) [left, row] = [0, row + 1];
    const [at, middle] = [x + left, row * LEGEND_LINE + LEGEND_LINE / 2];
    left += itemWidth;
    const style = index === 0 ? { ...ALL_LINE, 'stroke-width': '3' } : { ...lineStyle(index - 1), 'stroke-width': '2' };
    return (
      element('path', { ...style, d: `M${at.toFixed(1)},${middle}h${SAMPLE}` }) +
      label(shown, { ...INK, x: at + SAMPLE + 6, y: middle + 4, size: 12 })
    );
  });
  return { body: items.join(''), height: (row + 1) * LEGEND_LINE };
}
