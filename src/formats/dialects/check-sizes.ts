import { inputError } from '../../errors.js';
import type { Plain, PlainObject } from '../../json/json-value.js';
import { type BadSize, findBadSize, INPUT_SHAPE } from '../../layers/config-sizes.js';
import { MAX_SHOWN_NAME } from '../../limits.js';

/**
 * Refuses sizes in a layer's config that no loader takes, before anything is computed with them.
 * @param field where the config stands in its file
 * @throws RetrofitError `bad-size`
 */
export function checkSizes(className: string, config: PlainObject, layer: string, field: string): void {
  const found = findBadSize(className, config);
  if (found !== undefined) throw badSize(found, layer, `${field}.${found.field}`);
}

/** The same for the shape that a Sequential model was built with. */
export function checkBuiltShape(shape: Plain, layer: string, field: string): void {
  if (!Array.isArray(shape) || INPUT_SHAPE.admits(shape)) return;
  throw badSize({ field: 'build_input_shape', value: shape, wants: INPUT_SHAPE.wants }, layer, field);
}

const badSize = ({ field, value, wants }: BadSize, layer: string, place: string) =>
  inputError('bad-size', `its "${field}" is ${cut(show(value))}: it wants ${wants}`, {
    where: { layer, field: place },
    hint: 'no program builds such a layer: save the model again from the program that made it',
  });

/** NaN and Infinity, which Python writes, have no JSON of their own. */
function show(value: Plain): string {
  if (typeof value === 'number') return String(value);
  return Array.isArray(value) ? `[${value.map(show).join(', ')}]` : JSON.stringify(value);
}

const cut = (text: string): string => (text.length > MAX_SHOWN_NAME ? `${text.slice(0, MAX_SHOWN_NAME - 3)}...` : text);
