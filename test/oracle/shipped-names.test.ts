import { expect, test } from 'vitest';
import { isCompileName } from '../../src/layers/compile-objects.js';
import { describeOracle } from './oracle.js';

// Real Keras lists what its compile settings may name: none of it is anybody's own code.

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'compile settings', (keras) => {
    test('every name that it ships is known', async () => {
      const names = await keras.compileNames();
      expect(names.length).toBeGreaterThan(80);
      expect(names.filter((name) => !isCompileName(name))).toEqual([]);
    });
  });
}
