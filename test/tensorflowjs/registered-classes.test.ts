import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { factsOf } from '../../src/layers/known-layers.js';

const FIELDS: Readonly<Record<'keras2' | 'keras3', Readonly<Record<string, unknown>>>> = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../fixtures/config-fields.json', import.meta.url)), 'utf8'),
);
const CLASSES = [...new Set([...Object.keys(FIELDS.keras2), ...Object.keys(FIELDS.keras3)])].sort();

// Initializers and layers are in one table there.
const INITIALIZERS: readonly string[] = ['Identity'];

// Its source has classes that it does not register, so that no file may name them.
test('the classes that TensorFlow.js is said to have are those that it registers', () => {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const isRegistered = (name: string) => name in classNameMap && !INITIALIZERS.includes(name);
  expect(CLASSES.filter((name) => factsOf(name, {}).loads.includes('tfjs'))).toEqual(CLASSES.filter(isRegistered));
});
