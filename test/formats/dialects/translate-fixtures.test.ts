import { describe, expect, test } from 'vitest';
import { RetrofitError } from '../../../src/errors.js';
import { lowerModel } from '../../../src/formats/dialects/lower-graph.js';
import { raiseGraph } from '../../../src/formats/dialects/raise-graph.js';
import { translateGraph } from '../../../src/formats/dialects/translate/translate-graph.js';
import { listLoaders } from '../../../src/formats/verdict/loaders.js';
import { parseJson } from '../../../src/json/parse-json.js';
import { serializeJson } from '../../../src/json/serialize-json.js';
import type { Loader } from '../../../src/layers/layer-facts.js';
import { type Graph, listGraphs } from '../../../src/model/model.js';
import { DIALECT_NAMES, NETWORK_EXPECTATIONS, readDialect, readNetwork } from '../../support/dialects.js';
import { MODEL_NAMES, readFixture, readTopology, TOPOLOGY_EXPECTATIONS } from '../../support/fixtures.js';
import { byTurns } from '../../support/turns.js';

// Every real graph there is, into every loader's words. What comes out really loads and computes the same:
// test/oracle/translate.

const TARGETS: readonly Loader[] = ['tfjs', 'keras2', 'keras3'];

/** What stops which model. */
const REFUSED: Readonly<Record<Loader, Readonly<Record<string, string>>>> = {
  tfjs: {
    'activation-object-inside.keras3-zip': 'conv.activation',
    'arguments.keras2-h5': 'attention.class_name',
    'arguments.keras2-zip': 'attention.class_name',
    'arguments.keras3-h5': 'attention.class_name',
    'arguments.keras3-zip': 'attention.class_name',
    'conv1d-causal': 'conv1d.padding',
    'convnext-tiny of Keras 2': 'convnext_tiny_stage_0_block_0_depthwise_conv.groups',
    'convnext-tiny of Keras 3': 'convnext_tiny_stage_0_block_0_depthwise_conv.groups',
    'custom.keras2-h5': 'registered.class_name',
    'custom.keras2-zip': 'bare.class_name',
    'custom.keras3-h5': 'registered.class_name',
    'custom.keras3-zip': 'bare.class_name',
    // Its statistics are weights, which this file does not have.
    'efficientnet-b0 of Keras 2': 'normalization.axis',
    'efficientnet-b0 of Keras 3': 'normalization.axis',
    'mixed.keras2-h5': 'stem.dtype',
    'mixed.keras2-json': 'stem.dtype',
    'mixed.keras2-zip': 'stem.dtype',
    'mixed.keras3-h5': 'stem.dtype',
    'mixed.keras3-zip': 'stem.dtype',
    'regnet-x-002 of Keras 2': 'regnetx002_Stage_0_XBlock_0_conv_3x3.groups',
    'sequential-unbuilt.keras2-zip': 'seq_0_input.batch_input_shape',
    'sequential-unbuilt.keras3-h5': 'seq_0_input.batch_input_shape',
    'sequential-unbuilt.keras3-zip': 'seq_0_input.batch_input_shape',
  },
  keras2: {
    'activation-object-inside.keras3-zip': 'conv.activation',
    'convnext-tiny of Keras 3': 'convnext_tiny_stage_0_block_0_layer_scale.class_name',
    'custom.keras3-h5': 'registered.class_name',
    'custom.keras3-zip': 'bare.class_name',
    'sequential-unbuilt.keras3-h5': 'seq_0_input.batch_input_shape',
    'sequential-unbuilt.keras3-zip': 'seq_0_input.batch_input_shape',
  },
  keras3: {
    'convnext-tiny of Keras 2': 'convnext_tiny_stage_0_block_0_layer_scale.class_name',
    'custom.keras2-h5': 'registered.class_name',
    'custom.keras2-zip': 'bare.class_name',
    'sequential-unbuilt.keras2-zip': 'seq_0_input.batch_input_shape',
  },
};

/** What was refused, as `layer.field`; undefined where it was translated, and then checked. */
function refusedIn(graph: Graph, target: Loader): string | undefined {
  let after: Graph;
  try {
    after = translateGraph(graph, target).graph;
  } catch (error) {
    if (!(error instanceof RetrofitError) || error.code !== 'cannot-convert') throw error;
    expect(error.where.layer).toBeDefined();
    expect(error.hint).toBeDefined();
    return `${error.where.layer}.${error.where.field}`;
  }
  if (after.read !== undefined) return undefined;
  for (const { graph: inner } of listGraphs(after)) {
    expect(inner.read).toBeUndefined();
    for (const layer of inner.layers) {
      expect([layer.entry, layer.implicit]).toEqual([undefined, undefined]);
      expect(layer.isOperation === true && target !== 'keras3').toBe(false);
      for (const call of layer.calls) expect(call.read).toBeUndefined();
    }
  }
  const root = lowerModel(after, { dialect: target === 'keras3' ? 'keras3' : 'keras2' });
  const again = raiseGraph(parseJson(serializeJson({ root, lead: '', trail: '' })).root, '');
  const verdict = listLoaders(again, 'keras-json').find(({ loader }) => loader === target)!;
  expect(verdict.blockedBy).toBeNull();
  return undefined;
}

describe.each(TARGETS)('to %s', (target) => {
  const turn = TARGETS.indexOf(target);
  test.each(byTurns(MODEL_NAMES, 8, turn))('%s', async (name) => {
    expect(refusedIn((await readFixture(name)).graph, target)).toBe(REFUSED[target][name]);
  });

  test.each(byTurns(Object.keys(TOPOLOGY_EXPECTATIONS), 2, turn))('%s of Keras 2', (name) => {
    expect(refusedIn(readTopology(name).graph, target)).toBe(REFUSED[target][`${name} of Keras 2`]);
  });

  test.each(byTurns(Object.keys(NETWORK_EXPECTATIONS), 2, turn))('%s of Keras 3', (name) => {
    expect(refusedIn(readNetwork(name).model.graph, target)).toBe(REFUSED[target][`${name} of Keras 3`]);
  });

  test.each(DIALECT_NAMES)('%s', (name) => {
    expect(refusedIn(readDialect(name).model.graph, target)).toBe(REFUSED[target][name]);
  });
});
