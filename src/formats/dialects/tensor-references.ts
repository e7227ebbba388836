import {
  isArray,
  isObject,
  type JsonArray,
  type JsonValue,
  mapItems,
  mapMembers,
  numberOf,
  type Plain,
  stringOf,
} from '../../json/json-value.js';

/** A tensor as configs write it: `[layer, node, tensor]`, in Keras 2 with call arguments as an optional fourth element. */
export interface WrittenReference {
  readonly layer: string;
  readonly node: number;
  readonly tensor: number;
  /** The layer's name as its own entry writes it: Python escapes characters outside ASCII. */
  readonly nameText?: string | undefined;
}

export type IsLayer = (name: string) => boolean;
export type MapReference = (reference: WrittenReference) => WrittenReference;

/** Reads an array as a reference; undefined for a list of three numbers, or a constant. */
export function readReference(value: JsonValue, isLayer: IsLayer): WrittenReference | undefined {
  if (!isArray(value) || value.items.length < 3 || value.items.length > 4) return undefined;
  const [layer, node, tensor] = value.items.map((item) => item.value);
  const name = stringOf(layer);
  const nodeIndex = wholeNumber(node);
  const tensorIndex = wholeNumber(tensor);
  if (name === undefined || nodeIndex === undefined || tensorIndex === undefined || !isLayer(name)) return undefined;
  return { layer: name, node: nodeIndex, tensor: tensorIndex };
}

/** The name that a reference begins with. */
export const nameIn = (value: JsonValue): string | undefined =>
  isArray(value) ? stringOf(value.items[0]?.value) : undefined;

/** Tells whether a value is a list of references, each of them a list: TensorFlow.js wants ends and calls like this. */
export const isReferenceList = (value: JsonValue): boolean =>
  isArray(value) && value.items.every((item) => nameIn(item.value) !== undefined);

function wholeNumber(value: JsonValue | undefined): number | undefined {
  const number = numberOf(value);
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** Rewrites every reference in a value, call arguments included; everything else keeps its text. */
export function mapReferences(value: JsonValue, isLayer: IsLayer, map: MapReference): JsonValue {
  const reference = readReference(value, isLayer);
  if (reference !== undefined) return mapArguments(writeReference(value as JsonArray, reference, map(reference)));
  if (isArray(value)) return mapItems(value, (item) => mapReferences(item, isLayer, map));
  if (isObject(value)) return mapMembers(value, (member) => mapReferences(member, isLayer, map));
  return value;

  function mapArguments(array: JsonArray): JsonArray {
    return mapItems(array, (item, index) => (index === 3 ? mapReferences(item, isLayer, map) : item));
  }
}

/** A reference that is written anew. */
export const plainReference = ({ layer, node, tensor }: WrittenReference): readonly Plain[] => [layer, node, tensor];

/** A reference as it stood, with only the parts replaced that changed. */
export function writeReference(array: JsonArray, before: WrittenReference, after: WrittenReference): JsonArray {
  return mapItems(array, (item, index) => {
    if (index === 0 && after.layer !== before.layer)
      return { kind: 'string', text: after.nameText ?? JSON.stringify(after.layer) };
    if (index === 1 && after.node !== before.node) return { kind: 'number', text: String(after.node) };
    if (index === 2 && after.tensor !== before.tensor) return { kind: 'number', text: String(after.tensor) };
    return item;
  });
}
