import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspect } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle } from './oracle.js';
import { readSaved, savedAs } from './saved-models.js';

// Where modules go in networks that look like others: the catalogue's models name their places `site_...`.

const folder = temporaryFolder();

/** What looks like a place and is none. */
const WITHOUT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  generator: { picture: 'makes-logits' },
  attention_unet: { mask: 'makes-logits' },
  denoiser: { noise: 'makes-logits' },
  inception_time: {},
};

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'where modules go', (keras) => {
    test.each(Object.keys(WITHOUT))('%s', async (name) => {
      const place = join(folder, `${kind}-${name}`);
      await keras.make(name, place, ['.keras']);
      const model = await readSaved(savedAs(place, name, '.keras'));
      const { plan } = inspect(model);
      const named = model.graph.layers.map((layer) => layer.name).filter((layer) => layer.startsWith('site_'));
      expect(named.length).toBeGreaterThan(1);
      expect(plan.sites.map(({ after }) => after).sort()).toEqual(named.sort());
      const skipped = Object.fromEntries(plan.skipped.map(({ layer, reason }) => [layer, reason]));
      expect(skipped).toMatchObject(WITHOUT[name]!);
    });
  });
}
