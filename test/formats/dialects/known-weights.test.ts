import { expect, test } from 'vitest';
import { withKnownWeights } from '../../../src/formats/dialects/translate/name-parts.js';
import type { PlainObject } from '../../../src/json/json-value.js';
import { type Layer, newLayer } from '../../../src/model/model.js';
import { generatedTensor } from '../../../src/model/tensor.js';
import { graphOf } from '../../support/keras-graphs.js';

// Weights under the names of their facts: states of generators are none.

const weighted = (className: string, settings: PlainObject, ...names: readonly string[]): Layer => ({
  ...newLayer(className, 'layer', settings),
  weights: names.map((name) => ({ name, tensor: generatedTensor([2], () => new Float32Array(2)) })),
});

const namesAfter = (layer: Layer) =>
  withKnownWeights({ ...graphOf('keras3', [3], {}), layers: [layer] }).layers[0]!.weights.map(({ name }) => name);

test.each([
  ['a dense layer', weighted('Dense', { units: 2 }, 'kernel', 'bias'), ['kernel', 'bias']],
  ['a dense layer in a scope', weighted('Dense', { units: 2 }, 'scope/kernel', 'scope/bias'), ['kernel', 'bias']],
  ['a dropout', weighted('Dropout', { rate: 0.5 }, 'seed_generator/seed_generator_state'), []],
  ['somebody’s layer', weighted('Mine', {}, 'scope/table', 'seed_generator_3/state'), ['scope/table']],
])('%s', (_, layer, names) => {
  expect(namesAfter(layer)).toEqual(names);
});
