import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { weightName } from '../../src/formats/tfjs/weight-names.js';
import type { PlainObject } from '../../src/json/json-value.js';
import { factsOf } from '../../src/layers/known-layers.js';
import { factsOfLayer } from '../../src/model/facts-of-layer.js';
import { distribute, type Layer, newLayer } from '../../src/model/model.js';
import { withoutScope } from '../../src/model/tensor.js';
import { input, layer } from '../support/model-builder.js';
import { useBackend } from '../support/tensorflow.js';

// The names of weights in src/layers, held against those that both Kerases write into a `.h5` (fixtures/
// make_weight_names.py) and those that TensorFlow.js looks for.

interface Row {
  readonly class_name: string;
  readonly input: readonly (number | null)[];
  readonly config: PlainObject;
  readonly shapes: readonly (readonly number[])[];
  readonly keras2: readonly string[];
  readonly keras3: readonly string[];
}

const ROWS: readonly Row[] = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../fixtures/weight-names.json', import.meta.url)), 'utf8'),
);

const title = ({ class_name, config }: Row) => {
  const inner = config.layer as PlainObject | undefined;
  return inner === undefined ? class_name : `${class_name}(${inner.class_name})`;
};
const own = (name: string) => name.replace(/^own\//, '').replace(/:0$/, '');

/** A TimeDistributed is the layer inside, for every step. */
function layerOf({ class_name: className, config }: Row): Layer {
  if (className !== 'TimeDistributed') return newLayer(className, 'own', config);
  const inner = config.layer as unknown as Pick<Row, 'class_name' | 'config'>;
  return distribute(newLayer(inner.class_name, 'own', inner.config), 1);
}

/** Without what stops TensorFlow.js here: Orthogonal wants all of it, separable convolutions no initializer of one kernel. */
const forTfjs = (config: PlainObject) =>
  JSON.parse(JSON.stringify(config), (key, value) => {
    if (key.endsWith('_initializer')) return 'zeros';
    if (value?.depthwise_initializer === undefined) return value;
    const { kernel_initializer: _, kernel_regularizer: __, kernel_constraint: ___, ...rest } = value;
    return rest;
  });

describe.each(ROWS.map((row) => [title(row), row] as const))('%s', (_, row) => {
  const made = layerOf(row);
  const facts = factsOfLayer(made).weights!(made.settings, [row.input])!;

  test('names and shapes are those of Keras 2, its scopes aside', () => {
    const names = row.keras2.map(own);
    expect(facts).toHaveLength(names.length);
    for (const [index, { name, shape }] of facts.entries()) {
      expect([names[index]!, withoutScope(names[index]!)]).toContain(name);
      if (shape !== undefined) expect(shape).toEqual(row.shapes[index]);
    }
  });

  test.each(['keras2', 'keras3'] as const)('the names of %s lead to them', (keras) => {
    // What is written back is found by TensorFlow.js, which leaves out the last scope but one.
    const wanted = row[keras].map((name) => weightName(made, own(name)));
    for (const [index, { name }] of facts.entries())
      expect([wanted[index]!, withoutScope(wanted[index]!)]).toContain(name);
  });

  test('the last parts are those of Keras 3', () => {
    const last = (name: string) => name.split('/').at(-1);
    expect(facts.map(({ name, keras3Name }) => last(keras3Name ?? name))).toEqual(row.keras3.map(last));
  });
});

test('Keras 3 has the directions of a Bidirectional in the names of the layers inside', () => {
  const inside = (name: string) => ({ class_name: 'LSTM', config: { name, units: 3 } });
  const made = newLayer('Bidirectional', 'own', {
    layer: inside('forward_lstm'),
    backward_layer: inside('backward_lstm'),
  });
  for (const weight of ['kernel', 'recurrent_kernel', 'bias']) {
    expect(weightName(made, `forward_lstm/lstm_cell/${weight}`)).toBe(`forward_forward_lstm/${weight}`);
    expect(weightName(made, `backward_lstm/lstm_cell/${weight}`)).toBe(`backward_forward_lstm/${weight}`);
  }
});

beforeAll(() => useBackend('cpu'));

const IN_TFJS = ROWS.filter(({ class_name, config }) => factsOf(class_name, config).loads.includes('tfjs'));

test.each(IN_TFJS.map((row) => [title(row), row] as const))(
  'TensorFlow.js calls the weights of %s so',
  async (_, row) => {
    const made = layerOf(row);
    const facts = factsOfLayer(made).weights!(made.settings, [row.input])!;
    const layers = [input('given', row.input.slice(1)), layer(row.class_name, 'own', forTfjs(row.config), ['given'])];
    const config = { name: 'model', layers, input_layers: [['given', 0, 0]], output_layers: [['own', 0, 0]] };
    const modelTopology = { class_name: 'Functional', config };
    const loaded = await loadLayersModel({ load: async () => ({ modelTopology }) });
    const names = loaded.weights.map(({ originalName }) => originalName);
    expect(names.sort()).toEqual(facts.map(({ name }) => `own/${name}`).sort());
    loaded.dispose();
  },
);
