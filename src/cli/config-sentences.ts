import { z } from 'zod';
import type { Plain } from '../json/json-value.js';

/** The part of a JSON schema that a sentence is made of. */
interface Schema {
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly anyOf?: readonly Schema[];
  readonly type?: string;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly examples?: readonly string[];
}

type ConfigSchema = z.ZodObject;

/** Describes a value that does not fit a config's schema, and the values that do. */
export function misfit(
  schema: ConfigSchema,
  config: unknown,
  path: readonly PropertyKey[],
): { readonly message: string; readonly hint: string } {
  const properties = z.toJSONSchema(schema).properties as Readonly<Record<string, Schema>>;
  const key = String(path[0]);
  const found = path[0] === undefined ? undefined : properties[key];
  const value = valueAt(config, path);
  const message = `${shown(value)} does not fit`;
  if (found === undefined) return { message, hint: 'give an object' };
  const isOne = found.items !== undefined && schema.safeParse({ [key]: [value] }).success;
  // Of a list the entry alone is wrong.
  const wanted = path.length > 1 && found.items !== undefined ? found.items : found;
  return { message, hint: isOne ? `give a list: ${JSON.stringify([value])}` : `give ${expected(wanted)}` };
}

function expected({ enum: choices, const: constant, anyOf, type, items, minimum, maximum, examples }: Schema): string {
  if (choices !== undefined) return `one of ${choices.join(', ')}`;
  if (constant !== undefined) return JSON.stringify(constant);
  if (examples !== undefined) return `a text such as ${examples.map((each) => JSON.stringify(each)).join(' or ')}`;
  if (anyOf !== undefined) return anyOf.map(expected).join(', or ');
  if (items !== undefined) return `a list, each entry ${expected(items)}`;
  if (type === 'boolean') return 'true or false';
  if (type === 'null') return 'null';
  if (type === 'string') return 'a text that is not empty';
  const range =
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? `from ${minimum}` : `from ${minimum} to ${maximum}`;
  return `a ${type === 'integer' ? 'whole number' : 'number'} ${range}`;
}

const valueAt = (config: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], config);

const shown = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value as Plain);
};
