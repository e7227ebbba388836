import { expect, test } from 'vitest';
import { activationLoads } from '../../src/layers/activations.js';
import { ACTIVATION_OPERATIONS } from '../../src/layers/operations/activation-operations.js';
import { ARITHMETIC } from '../../src/layers/operations/arithmetic.js';
import { operationName } from '../../src/layers/operations/known-operations.js';
import { REARRANGEMENTS } from '../../src/layers/operations/rearrangements.js';
import { REDUCTIONS } from '../../src/layers/operations/reductions.js';

const ENTRIES = [ARITHMETIC, ACTIVATION_OPERATIONS, REDUCTIONS, REARRANGEMENTS].flatMap((table) =>
  Object.entries(table),
);

const twice = (names: readonly string[]) => names.filter((name, at) => names.indexOf(name) < at);

test('no two operations have a name in common', () => {
  expect(twice(ENTRIES.map(([name]) => operationName(name)))).toEqual([]);
  expect(twice(ENTRIES.flatMap(([, { functions }]) => functions?.split(' ') ?? []))).toEqual([]);
  expect(twice(ENTRIES.flatMap(([name, { node }]) => [operationName(name), node ?? []].flat()))).toEqual([]);
});

test('what Keras 2 has too has a function of TensorFlow', () => {
  const shared = ENTRIES.filter(([name]) => name.includes('.'));
  expect(shared.filter(([, { functions }]) => functions === undefined)).toEqual([]);
});

test('what is said of settings and activations is said of known ones', () => {
  for (const [, { settings = {}, lastInNode, activation }] of ENTRIES) {
    if (lastInNode !== undefined) expect(Object.keys(settings)).toContain(lastInNode);
    if (activation !== undefined) expect(activationLoads(activation)).toBeDefined();
  }
});
