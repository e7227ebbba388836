import { gateFigure } from '../../dist/src/report/figures/gate-figure.js';
import { standaloneSvg } from '../../dist/src/report/figures/svg.js';
import { chooseClasses } from '../../dist/src/runtime/choose-classes.js';
import { lookAtGates } from './look-at-gates.mjs';

const CLASSES = 5;

/** The figure that `excite` draws, of the module in each stage whose gates move most; the first stage is too narrow for one. */
export async function drawGates(file, pictures) {
  const { loaded, excitation } = await lookAtGates(file, pictures);
  loaded.runs.dispose();
  const stages = [...new Set(excitation.modules.map(({ stage }) => stage))].slice(1);
  const modules = stages.map((stage) =>
    excitation.modules
      .filter((module) => module.stage === stage)
      .reduce((most, module) => (module.variances.total > most.variances.total ? module : most)),
  );
  return standaloneSvg(
    gateFigure({ excitation: { ...excitation, modules }, chosen: chooseClasses(excitation, CLASSES) }, 'index'),
  );
}
