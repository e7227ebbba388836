import { DARK, LIGHT, type Theme } from './figures/palette.js';
import { FONT } from './figures/svg.js';

const variables = ({ classes, ...colours }: Theme): string =>
  [
    ...Object.entries(colours).map(([name, colour]) => `--${name.replace('onAccent', 'on-accent')}:${colour}`),
    ...classes.map((colour, index) => `--c${index}:${colour}`),
  ].join(';');

/** The colours of a page as variables: light, dark, and light on paper. */
export const THEME_STYLE = `
:root{color-scheme:light dark;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}
@media print{:root{color-scheme:light;${variables(LIGHT)}}}
`.trim();

/** Style of tables; figures are aligned under each other. */
export const TABLE_STYLE = `
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--grid);white-space:nowrap}
th{font-weight:400}thead th{color:var(--muted);font-weight:600}.number{text-align:right}
`.trim();

/** Style of the plain pages. */
export const PLAIN_STYLE = `
${THEME_STYLE}
body{margin:0 auto;padding:40px 24px;background:var(--paper);color:var(--ink);font:16px/1.5 ${FONT}}
h1{font-size:28px;line-height:1.2;margin:0 0 12px;overflow-wrap:anywhere}
p{margin:4px 0;overflow-wrap:anywhere}
svg{width:100%;height:auto}svg text{font-family:inherit}
footer{margin-top:24px;color:var(--muted);font-size:14px}
`.trim();
