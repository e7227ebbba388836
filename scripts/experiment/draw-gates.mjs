import { listImages } from '../../dist/src/images/list-images.js';
import { readModel } from '../../dist/src/index.js';
import { gateFigure } from '../../dist/src/report/figures/gate-figure.js';
import { standaloneSvg } from '../../dist/src/report/figures/svg.js';
import { chooseClasses } from '../../dist/src/runtime/choose-classes.js';
import { exciteModel } from '../../dist/src/runtime/excite-model.js';
import { imageSize } from '../../dist/src/runtime/image-input.js';
import { loadModel } from '../../dist/src/runtime/load-model.js';
import { backendInUse } from './judge.mjs';

const CLASSES = 5;

/** The figure that `excite` draws, of the module in each stage whose gates move most; the first stage is too narrow for one. */
export async function drawGates(file, pictures) {
  const backend = await backendInUse();
  const loaded = await loadModel(backend, await readModel(file));
  const options = { size: imageSize(loaded.runs, file), batch: 32, preprocess: 'unit', onSkipped: () => {} };
  const excitation = await exciteModel(backend, loaded, await listImages(pictures), options);
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
