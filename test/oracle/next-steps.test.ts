import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planRetrofit } from '../../src/index.js';
import { nextSteps } from '../../src/report/summary.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle } from './oracle.js';
import { readSaved, retrofitSaved } from './saved-models.js';

const folder = temporaryFolder();
const LABEL = '  Keras          ';

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'what is said to do next trains the modules, all of them, and nothing else', (keras) => {
    test.each(['residual_shortcut_first', 'nested_frozen', 'time_distributed_deep'])('%s', async (name) => {
      const place = join(folder, `${kind}-${name}`);
      await keras.make(name, place, ['.keras']);
      const before = join(place, `${name}.keras`);
      const plan = planRetrofit(await readSaved(before));
      const code = nextSteps(plan, 'keras-zip')
        .slice(1)
        .map((line) => line.slice(LABEL.length));
      const trained = await keras.trainedAfter(await retrofitSaved(before, join(place, 'after')), code.join('\n'));
      expect(trained.filter((key) => !/\bse_[^/]*_(reduce|expand)\//.test(key))).toEqual([]);
      expect(trained).toHaveLength(plan.sites.length * 2);
    });
  });
}
