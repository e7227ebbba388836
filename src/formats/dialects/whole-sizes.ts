import { fromPlain, type JsonValue, mapItems } from '../../json/json-value.js';
import type { LayerFacts } from '../../layers/layer-facts.js';

/** Writes a field of a config that holds sizes with whole numbers: `8.0` is one for JavaScript, and none for Python. */
export const wholeSize = ({ sizes }: Pick<LayerFacts, 'sizes'>, key: string, value: JsonValue): JsonValue =>
  sizes?.[key] !== undefined || INPUT_SHAPES.includes(key) ? wholeNumbers(value) : value;

const INPUT_SHAPES: readonly string[] = ['batch_shape', 'batch_input_shape'];

function wholeNumbers(value: JsonValue): JsonValue {
  if (value.kind === 'array') return mapItems(value, wholeNumbers);
  const isWritten = value.kind === 'number' && /[.e]/i.test(value.text) && Number.isInteger(Number(value.text));
  return isWritten ? fromPlain(Number(value.text)) : value;
}
