import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planRetrofit } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle } from './oracle.js';
import { expectExact, readSaved, retrofitSaved, savedAs } from './saved-models.js';

// Networks of keras.applications at their real size, with random weights and statistics.

/** Sites and added parameters at r = 16, as DESIGN.md and PAPER.md have them. */
const NETWORKS = [
  ['MobileNetV2', 17, 28_544],
  ['DenseNet121', 4, 303_104],
  ['ResNet50', 16, 2_514_944],
  ['VGG16', 13, 226_304],
  ['MobileNet', 13, 479_744],
  ['InceptionV3', 11, 1_650_944],
] as const;

const chosen = process.env.SE_RETROFIT_TEST_ALL ? NETWORKS : NETWORKS.slice(0, 1);
const folder = temporaryFolder();

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'networks of real size', (keras) => {
    test.each(chosen)('%s', { timeout: 900_000 }, async (name, sites, params) => {
      const place = join(folder, `${kind}-${name}`);
      const containers = process.env.SE_RETROFIT_TEST_ALL ? (['.keras', '.h5'] as const) : (['.keras'] as const);
      for (const container of containers) {
        await keras.make(`applications/${name}`, place, [container]);
        const before = savedAs(place, name, container);
        const plan = planRetrofit(await readSaved(before));
        expect([plan.sites.length, plan.params.added]).toEqual([sites, params]);
        await expectExact(keras, before, await retrofitSaved(before, join(place, 'after')), {
          modes: ['eager', 'predict'],
        });
      }
    });
  });
}
