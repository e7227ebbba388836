import { readFileSync } from 'node:fs';
import { readModel, writeModel } from '../../src/index.js';
import { buildModel, graph, input, type LayerJson, WEIGHT_FILE, writeBuilt } from './model-builder.js';

interface Architecture {
  readonly config: { readonly layers: readonly LayerJson[] };
}

/**
 * Writes layers without weights, as TensorFlow.js has them behind an input `given` of 4 x 4 x 6, for Keras 2.
 * @param path of the TensorFlow.js model; the architecture is written as `<path>.json`
 */
export async function writeForKeras2(path: string, layers: readonly LayerJson[]): Promise<Architecture> {
  const model = buildModel();
  const config = graph('network', [input('given', [4, 4, 6]), ...layers], ['given'], [layers.at(-1)!.name]);
  Object.assign(model.json.modelTopology, { class_name: 'Functional', config });
  model.json.weightsManifest = [{ paths: [WEIGHT_FILE], weights: [] }];
  model.files.set(WEIGHT_FILE, new Uint8Array());
  writeBuilt(path, model);
  await writeModel(await readModel(path), `${path}.json`, { to: 'keras-json', dialect: 'keras2' });
  return JSON.parse(readFileSync(`${path}.json`, 'utf8'));
}
