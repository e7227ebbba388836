import type { ExcitedModule } from '../../runtime/excite-model.js';
import type { ExciteRun } from '../excite-run.js';
import { type ChannelOrder, gateDomain, gatePanel, PANEL, PANEL_LEFT, panelSentence } from './gate-panel.js';
import { LEGEND_LINE, legend } from './legend.js';
import { INK } from './palette.js';
import { type Figure, group, label } from './svg.js';

export const MOST_COLUMNS = 4;

const STAGE_HEAD = 30;

/** A panel by itself has room for more. */
const ALONE = { width: 760, height: 400, points: 512 } as const;

/** The paper's figure: a panel a module, by stage; small stages share a row. */
export function gateFigure(run: ExciteRun, order: ChannelOrder): Figure {
  const { modules, classes } = run.excitation;
  const stages = [...new Set(modules.map(({ stage }) => stage))].map((stage) => ({
    stage,
    members: modules.filter((module) => module.stage === stage),
  }));
  const columns = Math.min(MOST_COLUMNS, modules.length);
  const width = Math.max(2, columns) * PANEL.width;
  const names = run.chosen.map((index) => classes[index]!.name);
  const lines = legend(names, { x: PANEL_LEFT, width: width - PANEL_LEFT });
  const domain = gateDomain(run);
  const parts = [lines.body];
  let [column, top, height] = [0, lines.height + LEGEND_LINE / 2, 0];
  for (const { stage, members } of stages) {
    const wide = Math.min(columns, members.length);
    if (column + wide > columns) [column, top, height] = [0, top + height, 0];
    const [left, head] = [column * PANEL.width, top];
    parts.push(label(`Stage ${stage}`, { ...INK, x: left + PANEL_LEFT, y: head + 20, size: 15, 'font-weight': 600 }));
    for (const [index, module] of members.entries()) {
      const x = left + (index % wide) * PANEL.width;
      const y = head + STAGE_HEAD + Math.floor(index / wide) * PANEL.height;
      parts.push(
        group({ transform: `translate(${x} ${y})` }, gatePanel(module, run, { domain, orders: [order] }).body),
      );
    }
    height = Math.max(height, STAGE_HEAD + Math.ceil(members.length / wide) * PANEL.height);
    column += wide;
  }
  return {
    width,
    height: top + height,
    title: order === 'index' ? 'Mean gate of each channel' : 'Mean gate of each channel, channels sorted by it',
    description: modules.map((module) => panelSentence(module, run)).join(' '),
    body: parts.join(''),
  };
}

/** Draws one panel with its legend as a separate figure. */
export function moduleFigure(module: ExcitedModule, run: ExciteRun): Figure {
  const { width, height, points } = ALONE;
  const size = { width, height };
  const panel = gatePanel(module, run, { domain: gateDomain(run), orders: ['index'], size, points });
  const names = run.chosen.map((index) => run.excitation.classes[index]!.name);
  const lines = legend(names, { x: PANEL_LEFT, width: width - PANEL_LEFT });
  const body = lines.body + group({ transform: `translate(0 ${lines.height})` }, panel.body);
  return { ...panel, height: lines.height + height, body };
}
