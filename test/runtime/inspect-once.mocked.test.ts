import { expect, test, vi } from 'vitest';
import { convertModel } from '../../src/formats/convert-model.js';
import { inspect, readModel } from '../../src/index.js';

vi.mock(import('../../src/formats/convert-model.js'), { spy: true });

test('inspect converts a model once for each loader', async () => {
  const model = await readModel('fixtures/early-keras3/stacked.keras');
  vi.mocked(convertModel).mockClear();
  inspect(model);
  const targets = vi.mocked(convertModel).mock.calls.map(([, { container, dialect }]) => `${container} ${dialect}`);
  expect(targets).toContain('tfjs keras2');
  expect(targets).toEqual([...new Set(targets)]);
});
