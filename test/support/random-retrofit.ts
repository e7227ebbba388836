import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { RetrofitOptions } from '../../src/index.js';
import { randomIndex } from './pairwise.js';

/** Saves a model as TensorFlow.js does: its own topology, weights in one file. */
export async function saveModel(model: LayersModel, output: string): Promise<void> {
  mkdirSync(output, { recursive: true });
  await model.save({
    save: async (artifacts) => {
      const { weightData, weightSpecs, ...rest } = artifacts;
      writeFileSync(join(output, 'weights.bin'), new Uint8Array(weightData as ArrayBuffer));
      writeFileSync(
        join(output, 'model.json'),
        JSON.stringify({ ...rest, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] }),
      );
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
}

/** Options of a retrofit, drawn by a seed. */
export function randomOptions(seed: number): Partial<RetrofitOptions> {
  const random = randomIndex(seed ^ 0x5eed);
  const pick = <T>(values: readonly T[]): T => values[random(values.length)]!;
  return {
    ratio: pick([1, 2, 16]),
    placement: pick(['standard', 'standard', 'pre', 'post', 'identity']),
    granularity: pick(['block', 'block', 'conv', 'stage']),
    form: pick(['dense', 'conv']),
    squeeze: pick(['avg', 'max']),
    bias: pick([false, true]),
    seed,
  };
}
