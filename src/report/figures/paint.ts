import { DARK, LIGHT, type Theme } from './palette.js';

type Colour = Exclude<keyof Theme, 'classes'>;

/** Fills and strokes of a network drawing's parts: no meaning is carried by colour alone. */
const PARTS = {
  paper: { fill: 'paper' },
  ink: { fill: 'ink' },
  muted: { fill: 'muted' },
  cell: { fill: 'raised', stroke: 'grid' },
  glyph: { fill: 'none', stroke: 'ink' },
  wire: { fill: 'none', stroke: 'muted' },
  head: { fill: 'muted' },
  rule: { fill: 'none', stroke: 'grid' },
  added: { fill: 'accent', stroke: 'accent' },
  'on-added': { fill: 'onAccent' },
  'added-wire': { fill: 'none', stroke: 'accent' },
  'added-head': { fill: 'accent' },
  'added-ink': { fill: 'accent' },
  there: { fill: 'bar', stroke: 'muted' },
  hollow: { fill: 'none', stroke: 'muted' },
} as const satisfies Readonly<Record<string, { fill?: Colour | 'none'; stroke?: Colour }>>;

export type Part = keyof typeof PARTS;

const coloursOf = (part: Part, theme: Theme): readonly (readonly [string, string])[] =>
  Object.entries(PARTS[part]).map(([key, colour]) => [key, colour === 'none' ? 'none' : theme[colour as Colour]]);

/** A part in light colours; pages and dark screens paint it anew by its class. */
export const paint = (part: Part): Readonly<Record<string, string>> => ({
  class: part,
  ...Object.fromEntries(coloursOf(part, LIGHT)),
});

/** CSS that paints the drawings for dark screens; paper stays white. */
export const DARK_STYLE = `@media screen and (prefers-color-scheme:dark){${(Object.keys(PARTS) as Part[])
  .map(
    (part) =>
      `.${part}{${coloursOf(part, DARK)
        .map(([key, colour]) => `${key}:${colour}`)
        .join(';')}}`,
  )
  .join('')}}`;
