import { expect, test } from 'vitest';
import { lowerModel } from '../../../src/formats/dialects/lower-graph.js';
import { raiseGraph } from '../../../src/formats/dialects/raise-graph.js';
import { fromPlain, type JsonObject, type Plain, toPlain } from '../../../src/json/json-value.js';
import { mapLayers } from '../../../src/model/map-layers.js';

/** What Keras 3 writes of a softmax behind five logits, or of as many as there are by now. */
const softmaxOf = (size: number): Plain => ({
  module: 'keras.layers',
  class_name: 'Softmax',
  config: { name: 'softmax', axis: -1 },
  registered_name: null,
  build_config: { input_shape: [null, size] },
  name: 'softmax',
  inbound_nodes: [
    {
      args: [
        {
          class_name: '__keras_tensor__',
          config: { shape: [null, size], dtype: 'float32', keras_history: ['logits', 0, 0] },
        },
      ],
      kwargs: {},
    },
  ],
});

const model = (size: number): Plain => ({
  module: 'keras.src.models.functional',
  class_name: 'Functional',
  config: {
    name: 'net',
    trainable: true,
    layers: [
      {
        module: 'keras.layers',
        class_name: 'InputLayer',
        config: { batch_shape: [null, 5], dtype: 'float32', name: 'logits' },
        registered_name: null,
        name: 'logits',
        inbound_nodes: [],
      },
      softmaxOf(size),
    ],
    input_layers: [['logits', 0, 0]],
    output_layers: [['softmax', 0, 0]],
  },
  registered_name: 'Functional',
});

test('sizes that changed are written wherever the text of a layer states them, one after the other', () => {
  const graph = mapLayers(raiseGraph(fromPlain(model(5)), ''), (layer) =>
    layer.name === 'softmax'
      ? {
          ...layer,
          newSizes: [
            { before: 5, after: 3 },
            { before: 3, after: 8 },
          ],
        }
      : layer,
  );
  expect(toPlain(lowerModel(graph, { wrapper: fromPlain(model(5)) as JsonObject }))).toEqual(model(8));
});
