import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Plain } from '../../src/json/json-value.js';
import { fieldStanding } from '../../src/layers/config-fields.js';
import { isKnownLayer } from '../../src/layers/known-layers.js';

type Configs = Readonly<Record<string, Readonly<Record<string, Plain>>>>;

/** What both Kerases really write: see fixtures/make_config_fields.py. */
const written: Readonly<Record<'keras2' | 'keras3', Configs>> = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../fixtures/config-fields.json', import.meta.url)), 'utf8'),
);

// What a field of this name says is said by another one to the other Keras.
const RENAMED: readonly string[] = [
  'InputLayer.batch_input_shape',
  'InputLayer.batch_shape',
  'LeakyReLU.alpha',
  'LeakyReLU.negative_slope',
];

const tabled = (className: string) => fieldStanding(className, 'name', 'x', 'keras2') !== undefined;

describe.each(['keras2', 'keras3'] as const)('%s', (keras) => {
  const other = keras === 'keras2' ? 'keras3' : 'keras2';

  test.each(Object.keys(written[keras]).filter(tabled))('reads what it writes for %s', (className) => {
    const fields = Object.entries(written[keras][className]!);
    expect(fields.filter(([field, value]) => fieldStanding(className, field, value, keras) !== 'known')).toEqual([]);
  });

  test.each(Object.keys(written[keras]).filter((name) => name in written[other]))(
    'what it alone writes for a %s that was told nothing can be left out',
    (className) => {
      const own = Object.entries(written[keras][className]!).filter(
        ([field]) => !(field in written[other][className]!),
      );
      const lost = own
        .filter(([field]) => !RENAMED.includes(`${className}.${field}`))
        .filter(([field, value]) => !['known', 'ignorable'].includes(fieldStanding(className, field, value, other)!));
      expect(lost).toEqual([]);
    },
  );
});

test('every class that both Kerases have is in the table', () => {
  const both = Object.keys(written.keras2).filter((name) => name in written.keras3);
  expect(both.filter((name) => !tabled(name) && isKnownLayer(name) && name !== 'TextVectorization')).toEqual([]);
});

test('a field says whether it may be left out', () => {
  expect(fieldStanding('SeparableConv2D', 'groups', 1, 'keras3')).toBe('ignorable');
  expect(fieldStanding('SeparableConv2D', 'groups', 2, 'keras3')).toBe('unsupported');
  expect(fieldStanding('Conv2D', 'groups', 2, 'keras3')).toBe('known');
  expect(fieldStanding('Embedding', 'batch_input_shape', [null, null], 'keras3')).toBe('ignorable');
  expect(fieldStanding('Embedding', 'input_dim', 3, 'tfjs')).toBe('known');
  expect(fieldStanding('LSTM', 'time_major', true, 'tfjs')).toBe('unsupported');
  expect(fieldStanding('Dense', 'lora_rank', 4, 'keras2')).toBe('unsupported');
  expect(fieldStanding('Dense', 'invented', 1, 'keras3')).toBe('unknown');
  expect(fieldStanding('SomebodysLayer', 'units', 1, 'keras3')).toBeUndefined();
});
