import { expect, test } from 'vitest';
import { maskedLayers } from '../../src/model/masked-layers.js';
import { topologyOf } from '../support/fixtures.js';

// Which layers are given steps to skip: masks go through what passes them on, into models and out of them.

const layer = (class_name: string, name: string, config: object, ...inputs: readonly string[]) => ({
  class_name,
  config: { name, ...config },
  name,
  inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, input === 'inner' ? 1 : 0, 0, {}])],
});

const model = (name: string, layers: readonly object[], input: string, output: string) => ({
  name,
  layers,
  input_layers: [[input, 0, 0]],
  output_layers: [[output, 0, 0]],
});

test('masks end at what returns one step, and pass through nested models', () => {
  const inner = model(
    'inner',
    [layer('InputLayer', 'steps', { batch_input_shape: [null, 6, 4] }), layer('ReLU', 'clip', {}, 'steps')],
    'steps',
    'clip',
  );
  const config = model(
    'root',
    [
      layer('InputLayer', 'given', { batch_input_shape: [null, 6, 4] }),
      layer('Dense', 'before', { units: 4 }, 'given'),
      layer('Masking', 'mask', { mask_value: 0 }, 'before'),
      layer('LSTM', 'all', { units: 4, return_sequences: true }, 'mask'),
      { ...layer('Functional', 'inner', {}, 'all'), config: inner },
      layer('Add', 'sum', {}, 'inner', 'all'),
      layer('LSTM', 'last', { units: 4, return_sequences: false }, 'sum'),
      layer('Concatenate', 'ends', { axis: -1 }, 'last', 'last'),
    ],
    'given',
    'ends',
  );
  const { graph } = topologyOf(JSON.stringify({ class_name: 'Functional', config }), 'masks.json');
  const names = [...maskedLayers(graph).keys()].map(({ name }) => name);
  expect(names.toSorted()).toEqual(['all', 'clip', 'inner', 'last', 'steps', 'sum']);
});
