import {
  fromPlain,
  getMember,
  isArray,
  isObject,
  type JsonValue,
  numberOf,
  stringOf,
} from '../../../json/json-value.js';
import type { Dialect } from '../../../model/model.js';
import { bareJson, objectOf } from './bare-json.js';

/** One part of what stands between the brackets of `x[...]`. */
export type IndexPart =
  | { readonly kind: 'number'; readonly at: number }
  | {
      readonly kind: 'slice';
      readonly start: number | null;
      readonly stop: number | null;
      readonly step: number | null;
    }
  | { readonly kind: 'ellipsis' }
  | { readonly kind: 'new-axis' };

/** The parts as either Keras writes them; undefined where one is none of these. */
export function readIndex(json: JsonValue): readonly IndexPart[] | undefined {
  const parts = (isArray(json) ? json.items.map((item) => item.value) : [json]).map(readPart);
  return parts.includes(undefined) ? undefined : (parts as readonly IndexPart[]);
}

function readPart(json: JsonValue): IndexPart | undefined {
  if (json.kind === 'literal' && json.text === 'null') return { kind: 'new-axis' };
  const at = numberOf(json);
  if (at !== undefined) return Number.isInteger(at) ? { kind: 'number', at } : undefined;
  if (stringOf(getMember(json, 'class_name')) === '__ellipsis__') return { kind: 'ellipsis' };
  const slice = stringOf(getMember(json, 'class_name')) === '__slice__' ? getMember(json, 'config') : json;
  if (!isObject(slice) || getMember(slice, 'step') === undefined) return undefined;
  const [start, stop, step] = ['start', 'stop', 'step'].map((name) => readEnd(getMember(slice, name)));
  if (start === undefined || stop === undefined || step === undefined) return undefined;
  return { kind: 'slice', start, stop, step };
}

function readEnd(json: JsonValue | undefined): number | null | undefined {
  if (json === undefined || (json.kind === 'literal' && json.text === 'null')) return null;
  const number = numberOf(json);
  return number !== undefined && Number.isInteger(number) ? number : undefined;
}

/** The whole of an axis. */
export const FULL: IndexPart & { readonly kind: 'slice' } = { kind: 'slice', start: null, stop: null, step: null };

export const isFull = (part: IndexPart): boolean =>
  part.kind === 'slice' && part.start === null && part.stop === null && (part.step === null || part.step === 1);

/** The parts in the words of a Keras. */
export function writeIndex(parts: readonly IndexPart[], dialect: Dialect): JsonValue {
  const object = (className: string, config: JsonValue): JsonValue =>
    objectOf([
      ['class_name', fromPlain(className)],
      ['config', config],
    ]);
  const write = (part: IndexPart): JsonValue => {
    switch (part.kind) {
      case 'number':
        return fromPlain(part.at);
      case 'new-axis':
        return fromPlain(null);
      case 'ellipsis':
        return dialect === 'keras3' ? object('__ellipsis__', objectOf([])) : fromPlain({ class_name: '__ellipsis__' });
      case 'slice': {
        const { start, stop, step } = part;
        const slice = fromPlain({ start, stop, step });
        return dialect === 'keras3' ? object('__slice__', slice) : slice;
      }
    }
  };
  return bareJson({ kind: 'array', items: parts.map((part) => ({ value: write(part) })) });
}
