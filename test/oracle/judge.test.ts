import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { isTurnOf } from '../support/turns.js';
import { type ComparedWeights, describeOracle } from './oracle.js';

// The judge itself: it sees no difference where nothing changed, and it sees one changed weight.

const folder = temporaryFolder();
const KERNEL = 'conv2d_1/kernel';

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'as a judge', (keras) => {
    const place = join(folder, kind);
    const before = join(place, 'residual_shortcut_first.keras');
    beforeAll(() => keras.make('residual_shortcut_first', place, ['.keras', '.h5']));

    test('finds a model the same in two containers', async () => {
      const after = before.replace('.keras', '.h5');
      const { outputs } = await keras.compare(before, after, { modes: ['eager', 'predict', 'training'] });
      expect(outputs).toMatchObject([{ eager: 0, predict: 0, training: 0, finite: true, varied: true }]);
    });

    const CHANGES: readonly [keyof ComparedWeights, { readonly add?: number; readonly times?: number }][] = [
      ['doubled', { times: 2 }],
      ['doubled', { times: 4 }],
      ['halved', { times: 0.5 }],
      ['other', { add: 0.1 }],
    ];
    // What one Keras is not asked for, the other is.
    test.each(CHANGES.filter((_, index) => isTurnOf(kind, index)))(
      'notices one weight that changed: %s %o',
      async (relation, change) => {
        const after = join(place, 'changed.keras');
        await keras.change(before, after, KERNEL, change);
        // To compile it takes longer than all the rest.
        const modes = relation === 'other' ? ['eager', 'predict'] : ['eager'];
        const { outputs, weights } = await keras.compare(before, after, { modes, weights: true });
        for (const mode of modes) expect(outputs[0]).toMatchObject({ [mode]: expect.toSatisfy((gap) => gap > 0) });
        expect(weights).toMatchObject({ [relation]: [KERNEL], missing: [], added: [] });
      },
    );

    test('counts a number that is none as a difference, and an output of zeros and ones as flat', async () => {
      const after = join(place, 'infinite.keras');
      await keras.change(before, after, 'predictions/bias', { add: Number.MAX_VALUE });
      expect((await keras.compare(before, after, { modes: ['eager'] })).outputs).toMatchObject([
        { eager: null, finite: false },
      ]);
      await keras.change(before, after, 'predictions/kernel', { times: 1e6 });
      expect((await keras.compare(after, after, { modes: ['eager'] })).outputs).toMatchObject([
        { eager: 0, varied: false },
      ]);
    });
  });
}
