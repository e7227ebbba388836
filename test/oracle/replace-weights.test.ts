import { expect, test } from 'vitest';
import { floatChunks } from '../../src/formats/values/float-values.js';
import { type NewValues, replaceWeights, weightKey, writeModel } from '../../src/index.js';
import { listGraphs, type Model } from '../../src/model/model.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { isTurnOf } from '../support/turns.js';
import { describeOracle } from './oracle.js';
import { CONTAINERS, readSaved, savedAs } from './saved-models.js';

// Real Keras finds new values where it looks for the old ones, in the precision that it wants.

const folder = temporaryFolder();

/** Twice the values of every kernel. */
async function doubledKernels(model: Model): Promise<ReadonlyMap<string, NewValues>> {
  return model.withValues(async (values) => {
    const found = new Map<string, NewValues>();
    for (const { graph, path } of listGraphs(model.graph)) {
      for (const layer of graph.layers) {
        for (const { name, tensor } of layer.weights) {
          if (!name.endsWith('kernel')) continue;
          const numbers: number[] = [];
          for await (const chunk of floatChunks(tensor, values)) numbers.push(...chunk);
          found.set(
            weightKey(path, layer.name, name),
            Float32Array.from(numbers, (value) => 2 * value),
          );
        }
      }
    }
    return found;
  });
}

const MODELS = {
  keras2: ['residual_shortcut_first', 'nested_functional', 'compiled_with_state'],
  keras3: [
    'residual_shortcut_first',
    'nested_functional',
    'compiled_with_state',
    'bfloat16_weights',
    'float16_weights',
  ],
} as const;

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'replaced weights', (keras) => {
    for (const container of CONTAINERS) {
      const loads = MODELS[kind].filter((name) => name !== 'bfloat16_weights' || !/^\.(legacy\.)?h5$/.test(container));
      test.each(loads.filter((_, index) => isTurnOf(kind, index + CONTAINERS.indexOf(container), 4)))(
        `%s${container}`,
        async (name) => {
          const place = `${folder}/${kind}-${name}${container}`;
          await keras.make(name, place, container.endsWith('.h5') ? ['.json', container] : [container]);
          const before = savedAs(place, name, container);
          const model = await readSaved(before);
          const isFile = typeof before === 'string';
          const written = await writeModel(
            replaceWeights(model, await doubledKernels(model)),
            isFile ? `${place}/after${container}` : `${place}/after.json`,
          );
          const after = isFile ? written.path : { json: written.path, weights: `${place}/${written.files[1]}` };
          const weights = await keras.compareWeights(before, after);
          const isKernel = (key: string) => /kernel/.test(key);
          expect(weights.doubled.length).toBeGreaterThan(3);
          expect(weights.doubled.filter((key) => !isKernel(key))).toEqual([]);
          expect(weights.unchanged.filter(isKernel)).toEqual([]);
          expect([...weights.other, ...weights.halved, ...weights.added, ...weights.missing]).toEqual([]);
        },
      );
    }
  });
}
