import { expect, test } from 'vitest';
import { translateConfig } from '../../../src/formats/dialects/translate/translate-config.js';
import type { JsonObject } from '../../../src/json/json-value.js';
import { parseJson } from '../../../src/json/parse-json.js';
import { serializeJson } from '../../../src/json/serialize-json.js';

function translated(className: string, text: string): string {
  const dialects = { source: 'keras2', target: 'keras3', hasOperations: true, masked: new Map() } as const;
  const { config } = translateConfig(className, parseJson(text).root as JsonObject, dialects, 'layer');
  return serializeJson({ root: config, lead: '', trail: '' });
}

test('a setting under its old name and its new one is one, and two values of it are refused', () => {
  const input = '{"batch_input_shape":[null,8.0,3],"batch_shape":[null,8,3],"dtype":"float32"}';
  expect(translated('InputLayer', input)).toBe('{"batch_shape":[null,8,3],"dtype":"float32"}');
  expect(translated('LeakyReLU', '{"alpha":0.2,"negative_slope":0.20}')).toBe('{"negative_slope":0.2}');
  expect(() => translated('LeakyReLU', '{"alpha":0.4,"negative_slope":0.2}')).toThrow('the same setting');
});

test('sizes lose a decimal point, with which Python takes them for none; other numbers stay as they are', () => {
  const sizes = '{"filters":8.0,"kernel_size":[3.0,3],"strides":2e0}';
  expect(translated('Conv2D', sizes)).toBe('{"filters":8,"kernel_size":[3,3],"strides":2}');
  const rates = '{"momentum":0.90,"epsilon":1.0}';
  expect(translated('BatchNormalization', rates)).toBe(rates);
});
