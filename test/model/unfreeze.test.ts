import { expect, test } from 'vitest';
import { lowerModel } from '../../src/formats/dialects/lower-graph.js';
import { raiseGraph } from '../../src/formats/dialects/raise-graph.js';
import { fromPlain, type Plain, toPlain } from '../../src/json/json-value.js';
import type { Graph } from '../../src/model/model.js';
import { describeFrozen, freezeAgain, unfreeze } from '../../src/model/unfreeze.js';

// A model that is frozen as a whole becomes one of frozen layers, and the same again.

const dense = (name: string, trainable: Plain): Plain => ({
  class_name: 'Dense',
  config: { name, ...(trainable === null ? {} : { trainable }), units: 2, activation: 'relu' },
});
const layer = (entry: Plain, from: string): Plain => {
  const { config, ...rest } = entry as { config: { name: string } };
  return { ...rest, config, name: config.name, inbound_nodes: [[[from, 0, 0, {}]]] };
};
const input: Plain = {
  class_name: 'InputLayer',
  config: { name: 'given', batch_input_shape: [null, 4, 3], dtype: 'float32' },
  name: 'given',
  inbound_nodes: [],
};
const steps: Plain = {
  class_name: 'TimeDistributed',
  config: { name: 'steps', trainable: true, layer: dense('inside', true) },
};
const model: Plain = {
  class_name: 'Functional',
  config: {
    name: 'net',
    trainable: false,
    layers: [input, layer(steps, 'given'), layer(dense('said', true), 'steps'), layer(dense('unsaid', null), 'said')],
    input_layers: [['given', 0, 0]],
    output_layers: [['unsaid', 0, 0]],
  },
};

const lowered = (graph: Graph) => toPlain(lowerModel(graph, { dialect: 'keras2' }));

test('its layers are frozen instead, those inside wrappers too', () => {
  const graph = unfreeze(raiseGraph(fromPlain(model), ''));
  const { config } = lowered(graph) as { config: { trainable: boolean; layers: { config: Record<string, Plain> }[] } };
  const [, wrapped, said, unsaid] = config.layers.map((each) => each.config);
  expect([config.trainable, wrapped!.trainable, said!.trainable, unsaid!.trainable]).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(wrapped!.layer).toMatchObject({ config: { trainable: false } });
});

test('and what each layer said before can be said again', () => {
  const before = raiseGraph(fromPlain(model), '');
  expect(lowered(freezeAgain(unfreeze(before), describeFrozen(before)!))).toEqual(model);
});
