/** Colours of one theme. */
export interface Theme {
  readonly paper: string;
  readonly raised: string;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly bar: string;
  readonly accent: string;
  readonly onAccent: string;
  /** The full colour of a heat map; less of it is more transparent. */
  readonly heat: string;
  readonly classes: readonly string[];
}

// Six colours were searched for together with the ink: at least 3 to 1 against the paper, and as far apart as they can be
// for those too who see no red, green or blue (Machado 2009). Least distances in OKLab, all / no red / no green / no blue:
// light 0.15 / 0.09 / 0.10 / 0.07, dark 0.21 / 0.13 / 0.15 / 0.14.
export const LIGHT: Theme = {
  paper: '#ffffff',
  raised: '#f4f6f9',
  ink: '#14171c',
  muted: '#59616e',
  grid: '#dfe3e9',
  bar: '#b8c0cc',
  accent: '#204ec3',
  onAccent: '#ffffff',
  heat: '#0b3d91',
  classes: ['#636beb', '#c83500', '#2b774d', '#f84690', '#cf8037', '#3a95b9'],
};

export const DARK: Theme = {
  paper: '#15181d',
  raised: '#1e232b',
  ink: '#f2f4f8',
  muted: '#a3acba',
  grid: '#343b46',
  bar: '#566072',
  accent: '#7da2ff',
  onAccent: '#10131a',
  heat: '#8fc1ff',
  classes: ['#4c81fa', '#e77f79', '#0d7c1c', '#b1389b', '#e6c62d', '#33cfef'],
};

/** Most lines that can be told apart: every colour, whole and dashed. */
export const MAX_LINES = 2 * LIGHT.classes.length;

const DASHES = '5 3';

/** Style of a class's line, by its rank among those shown; pages give it their own colour by its class. */
export const lineStyle = (rank: number) => ({
  class: `line c${rank % LIGHT.classes.length} k${rank}`,
  stroke: LIGHT.classes[rank % LIGHT.classes.length]!,
  'stroke-dasharray': rank < LIGHT.classes.length ? undefined : DASHES,
});

export const INK = { class: 'ink', fill: LIGHT.ink } as const;
export const MUTED = { class: 'muted', fill: LIGHT.muted } as const;
export const GRID = { class: 'grid', stroke: LIGHT.grid } as const;
export const ALL_LINE = { class: 'all', stroke: LIGHT.ink } as const;
