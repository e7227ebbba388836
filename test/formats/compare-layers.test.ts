import { describe, expect, test } from 'vitest';
import { compareLayers } from '../../src/formats/compare/compare-layers.js';
import { convertModel } from '../../src/formats/convert-model.js';
import { retrofit } from '../../src/index.js';
import { fromPlain, type Plain, withMember } from '../../src/json/json-value.js';
import type { Model } from '../../src/model/model.js';
import { LOADABLE_NAMES, readFixture } from '../support/fixtures.js';

describe.each(LOADABLE_NAMES)('%s', (name) => {
  test('a retrofit leaves every layer as it was, in another format too', async () => {
    const before = await readFixture(name);
    let after: Model;
    try {
      after = retrofit(before);
    } catch {
      // Nothing to put in: the model itself will do.
      after = before;
    }
    expect(compareLayers(before, after)).toEqual([]);
  });
});

function withSetting(model: Model, layer: string, field: string, value: Plain): Model {
  const layers = model.graph.layers.map((each) =>
    each.name === layer
      ? {
          ...each,
          config: withMember(each.config, field, fromPlain(value)),
          settings: { ...each.settings, [field]: value },
        }
      : each,
  );
  return { ...model, graph: { ...model.graph, layers } };
}

test('another activation is seen, in another format too', async () => {
  const model = await readFixture('vgg');
  const layer = model.graph.layers.find(({ settings }) => settings.activation === 'relu')!.name;
  const changed = withSetting(model, layer, 'activation', 'relu6');
  expect(compareLayers(model, changed)).toEqual([{ layer, field: 'activation' }]);
  const moved = convertModel(changed, { container: 'keras-zip', dialect: 'keras3', weightLayout: 'weights-hdf5' });
  expect(compareLayers(model, moved)).toEqual([{ layer, field: 'activation' }]);
});
