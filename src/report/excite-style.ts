import { MOST_COLUMNS } from './figures/gate-figure.js';
import { LIGHT, MAX_LINES } from './figures/palette.js';
import { FONT } from './figures/svg.js';
import { THEME_STYLE } from './page-style.js';

/** Stages are as wide as they have panels, up to so many columns. */
const spans = (columns: number): string =>
  Array.from({ length: MOST_COLUMNS }, (_, index) => {
    const wide = Math.min(columns, index + 1);
    return `.s${index + 1}{grid-column:span ${wide}}.s${index + 1} .panels{grid-template-columns:repeat(${wide},minmax(0,1fr))}`;
  }).join('');

const hiding = Array.from(
  { length: MAX_LINES },
  (_, rank) => `body:has(#show-${rank}:not(:checked)) .panels .k${rank}`,
).join(',');

/** The style of the page, and the colours of the figures in it. */
export const PAGE_STYLE = `
${THEME_STYLE}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 ${FONT};-webkit-text-size-adjust:100%}
header,main,footer{max-width:1320px;margin:0 auto;padding:0 24px}
header{padding-top:40px}
h1{font-size:clamp(28px,4.4vw,44px);line-height:1.15;margin:4px 0 8px;overflow-wrap:anywhere}
h2{font-size:24px;line-height:1.2;margin:48px 0 8px}
h3{font-size:17px;margin:24px 0 6px}
h3 small{font-weight:400;color:var(--muted);font-size:14px;display:block}
.kicker{margin:0;color:var(--accent);font-weight:600;letter-spacing:.02em}
.lead{font-size:18px;color:var(--muted);margin:0 0 24px}
.caption{color:var(--muted);max-width:86ch;margin:0 0 14px}
.tiles{list-style:none;padding:0;margin:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px}
.tiles li{background:var(--raised);border-radius:10px;padding:14px 16px;display:flex;flex-direction:column}
.tiles b{font-size:28px;line-height:1.2;font-variant-numeric:tabular-nums}
.tiles span{color:var(--muted);font-size:14px;line-height:1.35}
.advice{margin-top:28px;border-left:5px solid var(--accent);background:var(--raised);border-radius:0 10px 10px 0;padding:18px 22px}
.advice h2{margin:0 0 6px}
.advice p{margin:0;max-width:92ch}
.advice .note{margin-top:8px;color:var(--muted);font-size:14px}
.command{display:flex;gap:10px;margin-top:14px;align-items:stretch}
pre{margin:0;flex:1;min-width:0;overflow-x:auto;background:var(--paper);border:1px solid var(--grid);border-radius:8px;padding:10px 14px;font:14px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
code{user-select:all}
button{font:inherit;font-weight:600;border:0;border-radius:8px;padding:0 18px;background:var(--accent);color:var(--on-accent);cursor:pointer}
button[hidden]{display:none}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.warnings{margin:14px 0 0;padding-left:20px;color:var(--muted);font-size:14px;overflow-wrap:anywhere}
.controls{display:flex;flex-wrap:wrap;justify-content:space-between;gap:8px 40px;padding:10px 0;position:sticky;top:0;background:var(--paper);border-bottom:1px solid var(--grid);z-index:1}
.legend{list-style:none;padding:0;margin:0;display:flex;flex-wrap:wrap;gap:6px 20px}
.controls fieldset{border:0;padding:0;margin:0;display:flex;flex-wrap:wrap;gap:6px 16px}
.controls legend{float:left;padding:0;margin-right:16px;color:var(--muted)}
.controls label{display:inline-flex;align-items:center;gap:8px;cursor:pointer}
.controls input{accent-color:var(--accent);width:16px;height:16px;margin:0}
.legend svg{width:26px;height:10px;flex:none}
.stages{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:0 18px}
.panels{display:grid;gap:10px 18px}
${spans(4)}
@media (max-width:1080px){.stages{grid-template-columns:repeat(2,minmax(0,1fr))}${spans(2)}}
@media (max-width:560px){.stages{grid-template-columns:minmax(0,1fr)}${spans(1)}}
.panels svg{width:100%;height:auto;break-inside:avoid}
.wide{overflow-x:auto}
.wide svg{display:block;width:100%;min-width:760px;height:auto}
svg text{font-family:inherit}
.ink{fill:var(--ink)}.muted{fill:var(--muted)}.grid{stroke:var(--grid)}.all{stroke:var(--ink)}
.heat{fill:var(--heat)}.on-heat{fill:var(--paper)}.bar{fill:var(--bar)}.bar.chosen{fill:var(--accent)}
.accent-text{fill:var(--accent)}.dot{fill:var(--ink)}
${LIGHT.classes.map((_, index) => `.c${index}{stroke:var(--c${index})}`).join('')}
${hiding},body:has(#show-all:not(:checked)) .panels .all,body:has(#order-mean:checked) .by-index,body:not(:has(#order-mean:checked)) .by-mean,body:has(#scale-own:checked) .same,body:not(:has(#scale-own:checked)) .own{display:none}
body:has(#scale-own:checked) .lines{transform:var(--own)}body:has(#scale-own:checked) .lines path{vector-effect:non-scaling-stroke}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:6px 10px;border-bottom:1px solid var(--grid);white-space:nowrap}
thead th{color:var(--muted);font-weight:600}
th:first-child{text-align:left}
dl{margin:0;display:grid;grid-template-columns:max-content 1fr;gap:8px 20px;max-width:1000px}
dt{font-weight:600}dd{margin:0;color:var(--muted);overflow-wrap:anywhere}
footer{color:var(--muted);font-size:14px;padding-top:32px;padding-bottom:40px}
@media (max-width:640px){.controls{position:static}.tiles{grid-template-columns:1fr 1fr}.tiles b{font-size:22px}header,main,footer{padding-left:16px;padding-right:16px}dl{grid-template-columns:1fr;gap:2px}dd{margin-bottom:10px}.command{flex-direction:column}button{padding:10px}}
@media print{body{font-size:12px}.controls{position:static}.controls input,.controls fieldset,button{display:none}h2,h3{break-after:avoid}
.stages{grid-template-columns:repeat(3,minmax(0,1fr));gap:0 10px}${spans(3)}
th,td{padding:3px 5px;font-size:10.5px}.lead{font-size:14px}.tiles{grid-template-columns:repeat(5,1fr)}.tiles b{font-size:18px}.tiles span,.warnings{font-size:11px}h1{font-size:26px}h2{font-size:18px;margin-top:26px}h3{font-size:14px}header,main,footer{padding:0}
.wide{overflow:visible}.wide svg{min-width:0}section{break-inside:auto}.advice,.tiles li,tr{break-inside:avoid}}
`.trim();
