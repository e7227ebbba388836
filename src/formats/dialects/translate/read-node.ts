import {
  fromPlain,
  getMember,
  isObject,
  type JsonObject,
  type JsonValue,
  numberOf,
  stringOf,
  toPlain,
} from '../../../json/json-value.js';
import { findOperation } from '../../../layers/operations/known-operations.js';
import { nodeOperation } from '../../../layers/operations/tensorflow-nodes.js';
import type { Argument, CallArguments } from '../../../model/call-arguments.js';
import type { Layer } from '../../../model/model.js';
import { objectOf } from '../bare-json.js';
import { type IndexPart, writeIndex } from './index-keys.js';

/** An operation with its arguments, whichever Keras wrote it. */
export interface ReadOperation {
  /** Its name in Keras 3, without the module; of a function that Keras 3 has no class for, TensorFlow's. */
  readonly id: string;
  /** In order. */
  readonly arguments: readonly Argument[];
  /** Constants that have a name, from the call or from the operation's config, under Keras 3's names. */
  readonly settings: JsonObject;
}

type Attributes = Readonly<Record<string, JsonValue>>;

/** `NHWC`, as bytes stand in a node: the only one that is read. */
const CHANNELS_LAST = 'TkhXQw==';

/**
 * Reads the operation of a node of TensorFlow's graph: tensors in the places that the constants leave free. Undefined
 * where an attribute is not known here.
 */
export function readNode({ settings, config }: Layer, call: CallArguments): ReadOperation | undefined {
  const id = nodeOperation(settings);
  const operands = readOperands(config, call);
  const attributes = readAttributes(config);
  if (id === undefined || operands === undefined) return undefined;
  const read = READERS.get(id);
  if (read !== undefined) return read(operands, attributes);
  const { keep_dims: keepdims, data_format: layout, alpha: slope, ...others } = attributes;
  if (Object.keys(others).length > 0 || (layout !== undefined && stringOf(getMember(layout, 's')) !== CHANNELS_LAST))
    return undefined;
  const said = [
    ...(keepdims === undefined ? [] : [['keepdims', getMember(keepdims, 'b')!] as const]),
    ...(slope === undefined ? [] : [['alpha', getMember(slope, 'f')!] as const]),
  ];
  const { lastInNode: name, takesList } = findOperation(id) ?? {};
  if (name === undefined) return { id, arguments: operands, settings: objectOf(said) };
  const last = operands.at(-1);
  const tensors = operands.slice(0, -1).flatMap((operand) => (operand.kind === 'tensor' ? [operand.input] : []));
  if (last?.kind !== 'constant' || tensors.length < operands.length - 1) return undefined;
  if (!takesList && tensors.length !== 1) return undefined;
  return {
    id,
    arguments: [takesList ? { kind: 'tensors', inputs: tensors } : { kind: 'tensor', input: tensors[0]! }],
    settings: objectOf([...said, [name, last.json]]),
  };
}

/** Tensors and constants in the places that they have in the node. */
function readOperands(config: JsonValue, { positional, keywords }: CallArguments): readonly Argument[] | undefined {
  const [first, ...more] = positional;
  if (keywords.size > 0 || first === undefined || more.length > 0) return undefined;
  const tensors: Argument[] =
    first.kind === 'tensors' ? first.inputs.map((input) => ({ kind: 'tensor', input })) : [first];
  const constants = new Map(membersOf(getMember(config, 'constants')).map(([at, json]) => [Number(at), json]));
  const operands = Array.from({ length: tensors.length + constants.size }, (_, at): Argument | undefined => {
    const json = constants.get(at);
    return json === undefined ? tensors.shift() : { kind: 'constant', json };
  });
  return operands.includes(undefined) ? undefined : (operands as readonly Argument[]);
}

/** Returns a node's attributes, but for its operands' types and number. */
const readAttributes = (config: JsonValue): Attributes =>
  Object.fromEntries(
    membersOf(getMember(getMember(config, 'node_def'), 'attr')).filter(
      ([name, value]) => getMember(value, 'type') === undefined && name !== 'N' && !name.startsWith('_'),
    ),
  );

/** Only with pixels' centres, as `tf.image.resize` of TensorFlow 2 takes them, is it the operation of Keras 3. */
function readResize(
  interpolation: string,
  [tensor, size, ...more]: readonly Argument[],
  { half_pixel_centers: centers, align_corners: corners, ...others }: Attributes,
): ReadOperation | undefined {
  if (tensor?.kind !== 'tensor' || size?.kind !== 'constant' || more.length > 0) return undefined;
  const isCentred = isFlag(centers, true) && (corners === undefined || isFlag(corners, false));
  if (!isCentred || Object.keys(others).length > 0) return undefined;
  const settings = objectOf([
    ['size', size.json],
    ['interpolation', fromPlain(interpolation)],
  ]);
  return { id: 'Resize', arguments: [tensor], settings };
}

const isFlag = (attribute: JsonValue | undefined, value: boolean): boolean =>
  attribute !== undefined && toPlain(getMember(attribute, 'b') ?? attribute) === value;

/** `x[begin:end:stride]`; bits of the masks say which parts are others. */
function readSlice([tensor, ...ends]: readonly Argument[], attributes: Attributes): ReadOperation | undefined {
  const [begin, end, strides, more] = ends.map((each) => (each.kind === 'constant' ? toPlain(each.json) : undefined));
  if (tensor?.kind !== 'tensor' || more !== undefined) return undefined;
  if (!Array.isArray(begin) || !Array.isArray(end) || !Array.isArray(strides)) return undefined;
  const has = (name: string, at: number): boolean => {
    const mask = getMember(attributes[`${name}_mask`], 'i');
    return ((Number((mask && (stringOf(mask) ?? numberOf(mask))) ?? 0) >> at) & 1) === 1;
  };
  const parts = strides.map((step, at): IndexPart => {
    if (has('ellipsis', at)) return { kind: 'ellipsis' };
    if (has('new_axis', at)) return { kind: 'new-axis' };
    if (has('shrink_axis', at)) return { kind: 'number', at: begin[at] as number };
    const start = has('begin', at) ? null : (begin[at] as number);
    const stop = has('end', at) ? null : (end[at] as number);
    return { kind: 'slice', start, stop, step: step as number };
  });
  return {
    id: 'GetItem',
    arguments: [tensor, { kind: 'constant', json: writeIndex(parts, 'keras3') }],
    settings: objectOf([]),
  };
}

/** Nodes whose operands and attributes are those of nodes alone. */
const READERS: ReadonlyMap<
  string,
  (operands: readonly Argument[], attributes: Attributes) => ReadOperation | undefined
> = new Map([
  ['GetItem', readSlice],
  ['ResizeBilinear', (...of) => readResize('bilinear', ...of)],
  ['ResizeNearestNeighbor', (...of) => readResize('nearest', ...of)],
]);

const membersOf = (value: JsonValue | undefined): readonly (readonly [string, JsonValue])[] =>
  isObject(value) ? value.members.map(({ key, value: member }) => [key, member] as const) : [];
