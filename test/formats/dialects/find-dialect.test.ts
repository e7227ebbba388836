import { expect, test } from 'vitest';
import { findDialect } from '../../../src/formats/dialects/find-dialect.js';
import { fromPlain, type Plain } from '../../../src/json/json-value.js';

// What real files say beyond those of fixtures/dialects: edited ones, old ones, and those of other writers.

const POLICY = { class_name: 'DTypePolicy', config: { name: 'float32' } };
const KERAS3_CALL = {
  args: [
    { class_name: '__keras_tensor__', config: { shape: [null, 4], dtype: 'float32', keras_history: ['x', 0, 0] } },
  ],
  kwargs: {},
};
const input = (shapeKey: string) => ({
  class_name: 'InputLayer',
  name: 'x',
  config: { [shapeKey]: [null, 4], name: 'x' },
  inbound_nodes: [],
});
const dense = (config: Record<string, Plain>, calls?: readonly Plain[]) => ({
  class_name: 'Dense',
  name: 'd',
  config: { name: 'd', units: 2, ...config },
  ...(calls === undefined ? {} : { inbound_nodes: calls }),
});
const functional = (...layers: readonly Plain[]) => ({ class_name: 'Functional', config: { name: 'm', layers } });
const sequential = (config: Record<string, Plain>, ...layers: readonly Plain[]) => ({
  class_name: 'Sequential',
  config: { name: 's', layers, ...config },
});

test.each<readonly [string, Plain, string]>([
  ['calls decide before shapes', functional(input('batch_input_shape'), dense({}, [KERAS3_CALL])), 'keras3'],
  ['Keras 3 reads the calls of Keras 2', functional(input('batch_shape'), dense({}, [[['x', 0, 0, {}]]])), 'keras3'],
  [
    'what was made ready for TensorFlow.js is Keras 2, whatever its dtypes',
    functional(input('batch_input_shape'), dense({ dtype: POLICY }, [[['x', 0, 0]]])),
    'keras2',
  ],
  ['an input alone', functional(input('batch_shape')), 'keras3'],
  [
    'a nested model tells of the whole',
    sequential({}, functional(input('batch_shape'), dense({}, [[['x', 0, 0]]])), dense({})),
    'keras3',
  ],
  ['a shape on the first layer', sequential({}, dense({ batch_input_shape: [null, 4], dtype: 'float32' })), 'keras2'],
  ['a dtype of the model', sequential({ trainable: true, dtype: 'float32' }, dense({ dtype: 'float32' })), 'keras3'],
  ['a policy of Keras 3', sequential({}, dense({ dtype: POLICY })), 'keras3'],
  ['a policy of Keras 2', sequential({}, dense({ dtype: { class_name: 'Policy', config: {} } })), 'keras2'],
  ['nothing at all', sequential({}, dense({})), 'keras2'],
  ['a bare list of layers', { class_name: 'Sequential', config: [dense({})] }, 'keras2'],
  ['no model', 'model', 'keras2'],
])('%s', (_, json, dialect) => {
  expect(findDialect(fromPlain(json))).toBe(dialect);
});
