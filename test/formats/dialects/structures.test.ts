import { describe, expect, test } from 'vitest';
import type { Container } from '../../../src/containers.js';
import { convertModel } from '../../../src/formats/convert-model.js';
import { lowerModel } from '../../../src/formats/dialects/lower-graph.js';
import { raiseGraph } from '../../../src/formats/dialects/raise-graph.js';
import { getMember, type JsonValue, toPlain } from '../../../src/json/json-value.js';
import { hasOutputKeys } from '../../../src/model/compile-settings.js';
import type { Dialect, Model } from '../../../src/model/model.js';
import { containerOf, readDialect } from '../../support/dialects.js';

// Inputs and outputs that are held together in dictionaries and lists: what the other Keras can say stays.

const convert = (name: string, dialect: Dialect, container: Container = containerOf(name)): Model =>
  convertModel(readDialect(name).model, { container, dialect, weightLayout: 'weights-hdf5' });

const write = ({ graph }: Model, dialect: Dialect): JsonValue => lowerModel(graph, { dialect, hasModules: true });

const endsOf = (json: JsonValue) => {
  const config = getMember(json, 'config');
  return [toPlain(getMember(config, 'input_layers')!), toPlain(getMember(config, 'output_layers')!)];
};

const KEYED = [
  { right: ['z_left', 0, 0], left: ['a_right', 0, 0] },
  { mask: ['x', 0, 0], boxes: ['y', 0, 0], classes: ['classes', 0, 0] },
];

describe.each([
  ['dict-ends.keras2-h5', 'keras3'],
  ['dict-ends.keras2-zip', 'keras3'],
  ['dict-ends.keras3-h5', 'keras2'],
  ['dict-ends.keras3-zip', 'keras2'],
  // Another container of the same Keras wants the graph written anew.
  ['dict-ends.keras2-h5', 'keras2'],
  ['dict-ends.keras3-h5', 'keras3'],
] as const)('%s for %s', (name, dialect) => {
  test('the keys stay', () => {
    const model = convert(name, dialect, 'keras-zip');
    expect(endsOf(write(model, dialect))).toEqual(KEYED);
    const again = raiseGraph(write(model, dialect), '');
    expect(again.outputs).toEqual(readDialect(name).model.graph.outputs);
    expect(hasOutputKeys(again)).toBe(true);
    expect(model.warnings).toEqual([]);
  });
});

test('a single tensor of Keras 2 is a bare one in Keras 3', () => {
  const json = write(convert('list-ends.keras2-zip', 'keras3'), 'keras3');
  expect(endsOf(json)).toEqual([
    ['image', 0, 0],
    ['conv', 0, 0],
  ]);
});

test('a list of one tensor, which Keras 2 does not know, is told of', () => {
  const model = convert('list-ends.keras3-zip', 'keras2');
  expect(endsOf(write(model, 'keras2'))).toEqual([[['image', 0, 0]], [['conv', 0, 0]]]);
  expect(model.warnings.map(({ code, where }) => [code, where])).toEqual([
    ['structure-lost', 'input_layers'],
    ['structure-lost', 'output_layers'],
  ]);
});

test.each(['dict-ends.keras2-h5', 'dict-ends.keras3-zip'])('%s for TensorFlow.js: a list by key', (name) => {
  const model = convert(name, 'keras2', 'tfjs');
  expect(endsOf(write(model, 'keras2'))).toEqual([
    [
      ['a_right', 0, 0],
      ['z_left', 0, 0],
    ],
    [
      ['y', 0, 0],
      ['classes', 0, 0],
      ['x', 0, 0],
    ],
  ]);
  expect(model.warnings).toEqual([
    { code: 'structure-lost', message: expect.stringContaining('(left, right)'), where: 'input_layers' },
    { code: 'structure-lost', message: expect.stringContaining('(boxes, classes, mask)'), where: 'output_layers' },
  ]);
});

test.each(['residual.keras3-zip', 'nested-outputs.keras3-zip'])('%s: nothing to tell of', (name) => {
  expect(convert(name, 'keras2', 'tfjs').warnings).toEqual([]);
});
