import { writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { listImages, samplePerClass } from '../src/images/list-images.js';
import { readModel } from '../src/index.js';
import { countLayers } from '../src/model/model.js';
import { chooseClasses } from '../src/runtime/choose-classes.js';
import { listPairs } from '../src/runtime/class-distances.js';
import { exciteModel } from '../src/runtime/excite-model.js';
import { defaultPreprocess, imageSize } from '../src/runtime/image-input.js';
import { loadModel } from '../src/runtime/load-model.js';
import { recommendStages } from '../src/runtime/recommend-stages.js';
import { startBackend } from '../src/runtime/start-backend.js';

test('look', async () => {
  const path = '/tmp/digits-se-trained.keras';
  const t = await startBackend('wasm');
  const model = await readModel(path);
  const l = await loadModel(t, model);
  const folder = samplePerClass(await listImages('/tmp/digits'), 50, 1);
  const excitation = await exciteModel(t, l, folder, {
    size: imageSize(l.runs, path),
    batch: 32,
    preprocess: defaultPreprocess(model),
    onSkipped: () => {},
  });
  const chosen = chooseClasses(excitation, 6);
  const run = {
    tool: 'se-retrofit 0.1.0',
    input: { path: 'digits-se.keras', format: model.format, layers: countLayers(model.graph), bytes: model.bytes },
    imagesPath: 'digits',
    preprocess: 'unit',
    backend: 'wasm',
    excitation,
    chosen,
    pairs: listPairs(excitation, chosen),
    recommendation: recommendStages(excitation),
    skipped: [],
    warnings: [],
    milliseconds: 1,
  };
  console.log(JSON.stringify(run.recommendation, null, 1));
  console.log(
    excitation.modules
      .map((m) => [m.name, m.specificity, m.saturation, Math.sqrt(m.variances.total), m.isUntrained].join(' '))
      .join('\n'),
  );
  writeFileSync(
    '/tmp/look/run.json',
    JSON.stringify(run, (_, v) => (v instanceof Float32Array || v instanceof Float64Array ? [...v] : v)),
  );
});
