import { inputError } from '../../errors.js';
import { MAX_OBJECT_GRAPH_BYTES } from '../../limits.js';
import type { Storage } from '../../storage/storage.js';
import { crc32c, masked } from './crc32c.js';
import { type BundleEntry, STRING, type TensorBundle } from './tensor-bundle.js';
import { badProtobuf, readFields, readVarint, textOf, type WireField } from './wire.js';

/** A Python object that a checkpoint kept: what hangs on it by name, and the tensors that are its own. */
export interface ObjectNode {
  readonly children: ReadonlyMap<string, number>;
  readonly attributes: readonly ObjectAttribute[];
}

export interface ObjectAttribute {
  readonly name: string;
  /** The variable's whole name in the program that saved it. */
  readonly fullName: string;
  /** Under which its values stand in the checkpoint. */
  readonly key: string;
}

/** The object graph of a checkpoint; the node 0 is the saved object. */
export interface ObjectGraph {
  readonly count: number;
  /**
   * Reads a node on demand: most objects are lists that are never used.
   * @throws RetrofitError `bad-protobuf`
   */
  readonly nodeAt: (id: number) => ObjectNode;
}

const GRAPH_KEY = '_CHECKPOINTABLE_OBJECT_GRAPH';

/**
 * The object graph of a checkpoint; undefined where it has none: TensorFlow 1 wrote none.
 * @throws RetrofitError `bad-bundle`, `bad-protobuf`
 */
export async function readObjectGraph(storage: Storage, bundle: TensorBundle): Promise<ObjectGraph | undefined> {
  const entry = bundle.entries.get(GRAPH_KEY);
  if (entry === undefined) return undefined;
  const messages: Uint8Array[] = [];
  for (const { number, bytes } of readFields(await readText(storage, bundle, entry), GRAPH_KEY))
    if (number === 1) messages.push(bytes);
  const nodes = new Map<number, ObjectNode>();
  const nodeAt = (id: number): ObjectNode => {
    const node = nodes.get(id) ?? readNode(messages[id]!, messages.length);
    nodes.set(id, node);
    return node;
  };
  return { count: messages.length, nodeAt };
}

/**
 * A text of a checkpoint: its length, a checksum of that, and its bytes.
 * Source: `WriteStringTensor` in tensorflow/core/util/tensor_bundle/tensor_bundle.cc.
 */
async function readText(
  storage: Storage,
  { shards }: TensorBundle,
  { key, dtype, shape, range, checksum }: BundleEntry,
): Promise<Uint8Array> {
  const damaged = (message: string) =>
    inputError('bad-bundle', `the list of the model's objects ${message}`, {
      where: { file: shards.get(range.file)!.path, field: key },
      hint: 'save or download the model again, all of its files',
    });
  if (dtype !== STRING || shape.length !== 0) throw damaged('is no text');
  if (range.byteLength > MAX_OBJECT_GRAPH_BYTES)
    throw damaged(`has ${range.byteLength} bytes; the limit is ${MAX_OBJECT_GRAPH_BYTES}`);
  const opened = await storage.open(shards.get(range.file)!);
  try {
    const bytes = await opened.read(range.byteOffset, range.byteLength);
    const length = readVarint(bytes, 0);
    if (length === undefined || length.end + 4 + length.value !== bytes.length || length.value >= 2 ** 32)
      throw damaged('does not fit its place');
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, length.value, true);
    if (masked(crc32c(bytes.subarray(length.end), crc32c(size))) !== checksum)
      throw damaged('does not match its checksum');
    return bytes.subarray(length.end + 4);
  } finally {
    await opened.close();
  }
}

/** Source: tensorflow/core/protobuf/trackable_object_graph.proto. */
function readNode(message: Uint8Array, count: number): ObjectNode {
  const children = new Map<string, number>();
  const attributes: ObjectAttribute[] = [];
  for (const field of readFields(message, GRAPH_KEY)) {
    if (field.number === 1) {
      const { name, id } = readReference(field);
      if (children.has(name) || !(id < count)) throw badProtobuf(GRAPH_KEY);
      children.set(name, id);
    } else if (field.number === 2) attributes.push(readAttribute(field));
  }
  return { children, attributes };
}

function readReference(reference: WireField): { readonly name: string; readonly id: number } {
  const found = { name: '', id: 0 };
  for (const field of readFields(reference.bytes, GRAPH_KEY)) {
    if (field.number === 1) found.id = field.value;
    else if (field.number === 2) found.name = textOf(field);
  }
  return found;
}

function readAttribute(attribute: WireField): ObjectAttribute {
  const found = { name: '', fullName: '', key: '' };
  for (const field of readFields(attribute.bytes, GRAPH_KEY)) {
    if (field.number === 1) found.name = textOf(field);
    else if (field.number === 2) found.fullName = textOf(field);
    else if (field.number === 3) found.key = textOf(field);
  }
  return found;
}
