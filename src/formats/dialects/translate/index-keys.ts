import {
  fromPlain,
  getMember,
  isArray,
  isObject,
  type JsonValue,
  numberOf,
  stringOf,
} from '../../../json/json-value.js';
import type { Shape } from '../../../layers/layer-facts.js';
import type { Dialect } from '../../../model/model.js';
import { bareJson, objectOf } from '../bare-json.js';

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

/** Reads the parts of an index as either Keras writes them; undefined where one is of another kind. */
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

/** The parts of an index with the axes that an ellipsis covers in its place; undefined for fewer axes than are named. */
export function withoutEllipsis(parts: readonly IndexPart[], rank: number): readonly IndexPart[] | undefined {
  const given = parts.filter(({ kind }) => kind === 'number' || kind === 'slice').length;
  if (rank < given) return undefined;
  return parts.flatMap((part) => (part.kind === 'ellipsis' ? Array<IndexPart>(rank - given).fill(FULL) : [part]));
}

/** Writes the parts of an index in a dialect. */
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

/** Places of an axis counted from its front; undefined where one is outside. */
export function placesIn(indices: readonly number[], size: number): readonly number[] | undefined {
  const places = indices.map((index) => (index < 0 ? index + size : index));
  return places.every((place) => Number.isInteger(place) && place >= 0 && place < size) ? places : undefined;
}

/** One part an axis of the tensor, and where new axes come in between. */
interface Indexed {
  readonly parts: readonly Exclude<IndexPart, { kind: 'ellipsis' | 'new-axis' }>[];
  /** The axis before which each new axis stands. */
  readonly fresh: readonly number[];
}

export function spread(parts: readonly IndexPart[], rank: number): Indexed | undefined {
  const given = parts.filter(({ kind }) => kind === 'number' || kind === 'slice').length;
  const dots = parts.filter(({ kind }) => kind === 'ellipsis').length;
  if (dots > 1 || given > rank) return undefined;
  const rest = Array.from({ length: rank - given }, () => FULL);
  const filled = dots === 0 ? [...parts, ...rest] : parts.flatMap((part) => (part.kind === 'ellipsis' ? rest : [part]));
  const own: Exclude<IndexPart, { kind: 'ellipsis' | 'new-axis' }>[] = [];
  const fresh: number[] = [];
  for (const part of filled) {
    if (part.kind === 'new-axis') fresh.push(own.length);
    else if (part.kind !== 'ellipsis') own.push(part);
  }
  return { parts: own, fresh };
}

/** The places that a part takes of an axis of known size, as Python does it. */
export function placesOf(part: Indexed['parts'][number], size: number): readonly number[] | undefined {
  if (part.kind === 'number') return placesIn([part.at], size);
  const step = part.step ?? 1;
  if (step === 0) return undefined;
  const clamp = (end: number) =>
    Math.min(Math.max(end < 0 ? end + size : end, step < 0 ? -1 : 0), step < 0 ? size - 1 : size);
  const start = part.start === null ? (step < 0 ? size - 1 : 0) : clamp(part.start);
  const stop = part.stop === null ? (step < 0 ? -1 : size) : clamp(part.stop);
  const count = Math.max(Math.ceil((stop - start) / step), 0);
  return Array.from({ length: count }, (_, index) => start + index * step);
}

/** The shape of what stands at an index of a tensor; undefined where there is nothing. */
export function indexedShape(key: readonly IndexPart[], shape: Shape): Shape | undefined {
  const indexed = spread(key, shape.length);
  if (indexed === undefined) return undefined;
  const freshAt = (axis: number) => indexed.fresh.filter((at) => at === axis).map(() => 1);
  const sizes = indexed.parts.flatMap((part, axis): Shape => {
    const size = shape[axis] ?? null;
    if (part.kind === 'number') return freshAt(axis);
    const own = isFull(part) ? size : size === null ? null : (placesOf(part, size)?.length ?? null);
    return [...freshAt(axis), own];
  });
  return [...sizes, ...freshAt(shape.length)];
}
