import { expect, test } from 'vitest';
import { raiseGraph } from '../../../src/formats/dialects/raise-graph.js';
import { fromPlain, type Plain } from '../../../src/json/json-value.js';
import { MAX_NESTED_MODELS } from '../../../src/limits.js';

// Models in models and wrappers in wrappers are read as deep as the limit says, and no deeper.

const dense: Plain = { class_name: 'Dense', config: { name: 'dense', units: 2 } };

const nested = (depth: number): Plain => ({
  class_name: 'Sequential',
  config: { name: `model_${depth}`, layers: [depth === 0 ? dense : nested(depth - 1)] },
});

const wrapped = (depth: number): Plain =>
  depth === 0
    ? dense
    : { class_name: 'TimeDistributed', config: { name: `steps_${depth}`, layer: wrapped(depth - 1) } };

test.each([
  ['models', (depth: number) => nested(depth)],
  // The first wrapper is around a layer of the model itself.
  [
    'wrappers',
    (depth: number) => ({ class_name: 'Sequential', config: { name: 'net', layers: [wrapped(depth + 1)] } }),
  ],
])('%s', (_, json) => {
  const raise = (depth: number) => raiseGraph(fromPlain(json(depth)), '');
  expect(raise(MAX_NESTED_MODELS).layers).not.toHaveLength(0);
  expect(() => raise(MAX_NESTED_MODELS + 1)).toThrow(`more than ${MAX_NESTED_MODELS} deep`);
});
