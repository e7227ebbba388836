import { excitePage } from './excite-page.js';
import type { ExciteRun } from './excite-run.js';
import { distanceFigure } from './figures/distance-figure.js';
import { gateFigure, moduleFigure } from './figures/gate-figure.js';
import { stageFigure } from './figures/stage-figure.js';
import { standaloneSvg } from './figures/svg.js';

/** Marks by which a folder with a report is recognised. */
export const REPORT_KIND = {
  page: 'index.html',
  isPage: (head: string): boolean => head.includes('<meta name="generator" content="se-retrofit '),
  isFile: (name: string): boolean => /^[\w.-]+\.svg$/.test(name),
} as const;

/** The report's files: the page, each of its figures, and a figure for each module; names are safe on any file system. */
export function* exciteFiles(run: ExciteRun): Generator<{ readonly name: string; readonly text: string }> {
  yield { name: REPORT_KIND.page, text: excitePage(run) };
  yield { name: 'gates.svg', text: standaloneSvg(gateFigure(run, 'index')) };
  yield { name: 'gates-sorted.svg', text: standaloneSvg(gateFigure(run, 'mean')) };
  if (run.pairs.length > 0) yield { name: 'distances.svg', text: standaloneSvg(distanceFigure(run)) };
  yield { name: 'stages.svg', text: standaloneSvg(stageFigure(run)) };
  for (const [index, module] of run.excitation.modules.entries()) {
    const name = `${String(index + 1).padStart(2, '0')}-${module.name.replace(/[^\w.-]+/g, '_').slice(0, 60)}.svg`;
    yield { name, text: standaloneSvg(moduleFigure(module, run)) };
  }
}
