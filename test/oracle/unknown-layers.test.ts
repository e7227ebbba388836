import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle } from './oracle.js';
import { CONTAINERS, expectExact, readSaved, retrofitSaved, savedAs } from './saved-models.js';

// Modules behind layers that nothing is known of: what reads them tells their channels, and real Keras holds us to it.

const PLACES = ['pooling', 'norm', 'convolution', 'activation', 'global_pooling'].map((reader) => `before_${reader}`);

for (const kind of ['keras2', 'keras3'] as const) {
  const folder = temporaryFolder();
  describeOracle(kind, 'modules behind custom layers and a Lambda', (keras) => {
    test.each(CONTAINERS)('%s', async (container) => {
      const place = `${folder}/${kind}`;
      const made = container.endsWith('.h5') && container !== '.h5' ? (['.json', container] as const) : [container];
      await keras.make('custom_conv_units', place, made);
      const before = savedAs(place, 'custom_conv_units', container);
      const after = await retrofitSaved(before, `${place}/after${container === '.legacy.h5' ? '-legacy' : ''}`, {
        at: PLACES.slice(1),
      });
      await expectExact(keras, before, after, { custom: true });
      // Its own modules tell what the file does not say: a second run finds the places again.
      const again = await retrofitSaved(after, `${place}/again${container === '.legacy.h5' ? '-legacy' : ''}`, {
        at: PLACES.slice(0, 1),
      });
      await expectExact(keras, before, again, { custom: true });
      const { record } = await readSaved(again);
      expect(record!.modules.map((module) => module.after).sort()).toEqual([...PLACES].sort());
    });
  });
}
