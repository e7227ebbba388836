import type { Diagram, DiagramBox } from '../block-diagram.js';
import { printable } from '../printable.js';
import { BOX, type DiagramLayout, type Edge, layOut } from './diagram-layout.js';
import { DARK_STYLE, type Part, paint } from './paint.js';
import { element, type Figure, group, label, shortened, standaloneSvg, tooltip } from './svg.js';

const PANEL_GAP = 64;
const HEAD = 30;
const CHARACTERS = { title: 28, name: 34, tag: 14 } as const;

export interface BlockPanel {
  readonly title: string;
  readonly diagram: Diagram;
}

/** Draws blocks layer by layer, side by side: new layers are coloured, doubled ones have a tag. */
export function blockFigure(title: string, panels: readonly BlockPanel[]): Figure {
  let x = 0;
  const drawn = panels.map((panel) => {
    const layout = layOut(panel.diagram);
    const body = group(
      { transform: `translate(${x} 0)` },
      label(panel.title, { ...paint('ink'), x: 0, y: 12, size: 14, 'font-weight': 700 }),
      group({ transform: `translate(0 ${HEAD})` }, drawLayout(layout)),
    );
    x += layout.width + PANEL_GAP;
    return { body, height: layout.height };
  });
  return {
    width: x - PANEL_GAP,
    height: HEAD + Math.max(...drawn.map(({ height }) => height)) + 2,
    title,
    description: panels.map(panelSentence).join(' '),
    body: drawn.map(({ body }) => body).join(''),
  };
}

/** The same as an SVG file. */
export const blockSvg = (title: string, panels: readonly BlockPanel[]): string =>
  standaloneSvg(blockFigure(title, panels), DARK_STYLE);

function drawLayout({ boxes, edges }: DiagramLayout): string {
  const added = new Set(boxes.filter(({ box }) => box.kind === 'added').map(({ box }) => box.id));
  const isNew = ({ from, to }: Edge) => added.has(from) || added.has(to);
  return [
    ...edges.map((edge) => drawEdge(edge, isNew(edge))),
    ...boxes.map(({ box, x, y }) => group({ transform: `translate(${x} ${y})` }, drawBox(box))),
  ].join('');
}

function drawEdge({ points }: Edge, isNew: boolean): string {
  const [x, y] = points.at(-1)!;
  const [beforeX, beforeY] = points.at(-2)!;
  const [dx, dy] = [Math.sign(x - beforeX), Math.sign(y - beforeY)];
  // The line ends in the head, not at its point.
  const line = [...points.slice(0, -1), [x - 4 * dx, y - 4 * dy]];
  const corner = (along: number, across: number) => `${x - along * dx - across * dy},${y - along * dy + across * dx}`;
  return (
    element('path', {
      ...paint(isNew ? 'added-wire' : 'wire'),
      'stroke-width': isNew ? '2' : '1.4',
      d: `M${line.map(([px, py]) => `${px},${py}`).join('L')}`,
    }) +
    element('path', {
      ...paint(isNew ? 'added-head' : 'head'),
      d: `M${corner(0, 0)}L${corner(8, 4)}L${corner(8, -4)}Z`,
    })
  );
}

const FRAMES: Readonly<Record<DiagramBox['kind'], Part>> = {
  layer: 'cell',
  added: 'added',
  there: 'there',
  outside: 'hollow',
};

function drawBox({ kind, title, name, tag }: DiagramBox): string {
  const onAdded = kind === 'added';
  return [
    tooltip(boxWords({ title, name, tag })),
    element('rect', {
      ...paint(FRAMES[kind]),
      x: 0,
      y: 0,
      width: BOX.width,
      height: BOX.height,
      rx: 7,
      'stroke-dasharray': kind === 'outside' ? '4 3' : undefined,
    }),
    label(shortened(title, CHARACTERS.title), {
      ...paint(onAdded ? 'on-added' : 'ink'),
      x: 10,
      y: 16,
      size: 11,
      'font-weight': 700,
    }),
    label(shortened(name, tag === undefined ? CHARACTERS.name : CHARACTERS.name - CHARACTERS.tag - 2), {
      ...paint(onAdded ? 'on-added' : kind === 'there' ? 'ink' : 'muted'),
      x: 10,
      y: 30,
      size: 9.5,
    }),
    ...(tag === undefined
      ? []
      : [
          label(shortened(tag, CHARACTERS.tag + 2), {
            ...paint(onAdded ? 'on-added' : 'added-ink'),
            x: BOX.width - 8,
            y: 30,
            size: 9.5,
            'font-weight': 700,
            'text-anchor': 'end',
          }),
        ]),
  ].join('');
}

const boxWords = ({ title, name, tag }: Pick<DiagramBox, 'title' | 'name' | 'tag'>): string =>
  [printable(title), ...(name === '' ? [] : [printable(name)]), ...(tag === undefined ? [] : [printable(tag)])].join(
    '; ',
  );

function panelSentence({ title, diagram }: BlockPanel): string {
  const ways = diagram.boxes.map((box) => {
    const readers = diagram.arrows
      .filter(({ from }) => from === box.id)
      .map(({ to }) => diagram.boxes.find(({ id }) => id === to)!.name);
    const state = box.kind === 'added' ? ', new' : box.kind === 'there' ? ', of the module' : '';
    return `${boxWords(box)}${state}${readers.length === 0 ? '' : ` -> ${readers.map(printable).join(', ')}`}`;
  });
  return `${title}: ${ways.join('. ')}.`;
}
