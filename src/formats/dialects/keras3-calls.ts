import {
  getMember,
  isArray,
  isObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  mapItems,
  mapMembers,
  type Plain,
  type PlainObject,
  stringOf,
  withMember,
} from '../../json/json-value.js';
import { takesTensorList } from '../../layers/known-layers.js';
import type { CallArguments } from '../../model/call-arguments.js';
import { type Layer, stepAxes } from '../../model/model.js';
import { badReference } from './bad-topology.js';
import { arrayOf, objectOf } from './bare-json.js';
import type { CallGrammar, WrittenCall, WrittenTensor } from './call-grammar.js';
import { isKeras3Call } from './find-dialect.js';
import * as keras2 from './keras2-calls.js';
import { argumentReader, sharedArguments } from './read-arguments.js';
import { isTensor, statedShape } from './stated-shapes.js';
import {
  type IsLayer,
  type MapReference,
  mapReferences,
  plainReference,
  readReference,
  type WrittenReference,
  writeReference,
} from './tensor-references.js';
import { packStructure, writeArgument } from './write-argument.js';

// The Keras 3 way to say a call: `{args, kwargs}` as Python had them, with tensors as `__keras_tensor__` objects
// anywhere inside. Keras 3 reads the lists of Keras 2 as well, also beside its own.
// Source: `serialize_node` and `deserialize_node` in keras/src/models/functional.py.

export const KERAS3_CALLS: CallGrammar = {
  readCall,
  mapCall: (call, isLayer, map) =>
    isKeras3Call(call) ? mapTensors(call, isLayer, map) : mapReferences(call, isLayer, map),
  writeCall,
  writeArguments,
  writeEnds: (ends, structure) => packStructure(structure, ends.map(plainReference)),
  firstInCalls: () => 0,
  // A Functional model has a call of its own before all others in these two places, and nowhere else.
  firstInEnds: (layer) => (layer.graph?.kind === 'functional' && stepAxes(layer) === 0 ? 1 : 0),
};

function readCall(call: JsonValue, isLayer: IsLayer, layer: string, field: string): WrittenCall {
  if (!isKeras3Call(call)) return keras2.readCall(call, isLayer, layer, field);
  const args = getMember(call, 'args') as JsonArray;
  const kwargs = getMember(call, 'kwargs') as JsonObject;
  const { tensors, read, readKeywords } = argumentReader((value) => (isTensor(value) ? value : undefined), isOpaque);
  const positional = args.items.map((item) => read(item.value));
  const keywords = readKeywords(kwargs);
  return {
    references: tensors.map((tensor) => {
      const reference = referenceOf(tensor, isLayer);
      if (reference !== undefined) return reference;
      throw badReference(nameOf(tensor), layer, field);
    }),
    shapes: tensors.map((tensor) => statedShape(getMember(getMember(tensor, 'config'), 'shape')) ?? null),
    arguments: sharedArguments(positional, keywords),
    hasArguments: !isOnlyTensors(args) || keywords.size > 0,
  };
}

/** Other objects of Python, slices and arrays: whatever they hold is no tensor of the graph to Keras. */
const isOpaque = (value: JsonValue): boolean =>
  getMember(value, 'class_name') !== undefined && getMember(value, 'config') !== undefined;

const isOnlyTensors = (value: JsonValue): boolean =>
  isTensor(value) || (isArray(value) && value.items.every((item) => isOnlyTensors(item.value)));

const historyOf = (tensor: JsonObject): JsonValue | undefined =>
  getMember(getMember(tensor, 'config'), 'keras_history');

function referenceOf(tensor: JsonObject, isLayer: IsLayer): WrittenReference | undefined {
  const history = historyOf(tensor);
  return history === undefined ? undefined : readReference(history, isLayer);
}

function nameOf(tensor: JsonObject): string | undefined {
  const history = historyOf(tensor);
  return isArray(history) ? stringOf(history.items[0]?.value) : undefined;
}

function mapTensors(value: JsonValue, isLayer: IsLayer, map: MapReference): JsonValue {
  if (isTensor(value)) return mapTensor(value, isLayer, map);
  if (isArray(value)) return mapItems(value, (item) => mapTensors(item, isLayer, map));
  if (!isObject(value) || isOpaque(value)) return value;
  return mapMembers(value, (member) => mapTensors(member, isLayer, map));
}

/** Maps a tensor's reference. The shape and dtype beside it stay: Keras 3 uses those of the tensor that it finds. */
function mapTensor(tensor: JsonObject, isLayer: IsLayer, map: MapReference): JsonObject {
  const reference = referenceOf(tensor, isLayer);
  if (reference === undefined) return tensor;
  const config = getMember(tensor, 'config') as JsonObject;
  const history = writeReference(historyOf(tensor) as JsonArray, reference, map(reference));
  return withMember(tensor, 'config', withMember(config, 'keras_history', history));
}

function writeCall(layer: Layer, inputs: readonly WrittenTensor[], keywords: PlainObject): Plain {
  const tensors = inputs.map(writeTensor);
  const isList = takesTensorList(layer.className, tensors.length, layer.isOperation === true);
  return { args: isList ? [tensors] : tensors, kwargs: keywords };
}

const writeTensor = (tensor: WrittenTensor): Plain => ({
  class_name: '__keras_tensor__',
  // Both must be there; their values are not read.
  config: { shape: tensor.shape ?? [], dtype: tensor.dtype, keras_history: plainReference(tensor) },
});

function writeArguments(
  _layer: Layer,
  { positional, keywords }: CallArguments,
  inputs: readonly WrittenTensor[],
): JsonValue {
  const tensors = inputs.map(writeTensor);
  return objectOf([
    ['args', arrayOf(positional.map((argument) => writeArgument(argument, tensors)))],
    ['kwargs', objectOf([...keywords].map(([key, argument]) => [key, writeArgument(argument, tensors)]))],
  ]);
}
