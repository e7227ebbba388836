import { readImageFolder } from '../../dist/src/images/read-image-folder.js';
import { readModel } from '../../dist/src/index.js';
import { exciteModel } from '../../dist/src/runtime/excite-model.js';
import { imageSize } from '../../dist/src/runtime/image-input.js';
import { loadModel } from '../../dist/src/runtime/load-model.js';
import { backendInUse } from './judge.mjs';

/** A model that is loaded, and what its gates do on labelled pictures. Who asks for it disposes of the model. */
export async function lookAtGates(file, pictures) {
  const backend = await backendInUse();
  const loaded = await loadModel(backend, await readModel(file));
  const options = { size: imageSize(loaded.runs, file), batch: 32, preprocess: 'unit', onSkipped: () => {} };
  return { backend, loaded, excitation: await exciteModel(backend, loaded, await readImageFolder(pictures), options) };
}
