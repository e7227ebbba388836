import { GRAPH_FILE } from '../../containers.js';
import { MAX_OBJECT_GRAPH_BYTES, MAX_SKIPPED_FIELDS } from '../../limits.js';
import type { FoundFile, OpenFile, Storage } from '../../storage/storage.js';
import { badProtobuf, readFieldHead, readFields, textOf } from './wire.js';

/** Facts in a `saved_model.pb` about the program that wrote it. */
export interface GraphFile {
  /** The version of TensorFlow. */
  readonly tensorflow: string | undefined;
  /** The saved object; undefined where no objects are listed: TensorFlow 1 lists none. */
  readonly root: SavedObject | undefined;
}

export interface SavedObject {
  /** The names of its children. */
  readonly children: readonly string[];
  /** `_tf_keras_sequential` and so on for objects of Keras. */
  readonly identifier: string;
  /** The JSON in which TensorFlow up to 2.4 described it; empty later. */
  readonly metadata: string;
}

/** A message or a number in a file that is not read whole. */
interface Stretch {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** No head of a field is longer. */
const HEAD_BYTES = 20;

/**
 * Reads the first graph of a `saved_model.pb`, of its operations nothing.
 * Source: tensorflow/core/protobuf/saved_model.proto, meta_graph.proto, saved_object_graph.proto.
 * @throws RetrofitError `bad-protobuf`
 */
export async function readGraphFile(storage: Storage, file: FoundFile): Promise<GraphFile> {
  const opened = await storage.open(file);
  try {
    let tensorflow: string | undefined;
    for await (const graph of stretchesOf(opened, { number: 0, start: 0, end: file.byteLength })) {
      if (graph.number !== 2) continue;
      let root: SavedObject | undefined;
      for await (const part of stretchesOf(opened, graph)) {
        if (part.number === 1) tensorflow ??= versionIn(await readStretch(opened, part));
        if (part.number === 7) root = rootOf(await readStretch(opened, part));
      }
      return { tensorflow, root };
    }
    return { tensorflow, root: undefined };
  } finally {
    await opened.close();
  }
}

async function* stretchesOf(opened: OpenFile, { start, end }: Stretch): AsyncGenerator<Stretch> {
  let at = start;
  for (let count = 0; at < end; count++) {
    const bytes = await opened.read(at, Math.min(HEAD_BYTES, end - at));
    const head = readFieldHead(bytes, 0);
    const next = head === undefined ? Number.POSITIVE_INFINITY : at + head.end + head.length;
    if (head === undefined || next > end || count >= MAX_SKIPPED_FIELDS) throw badProtobuf(GRAPH_FILE);
    yield { number: head.number, start: at + head.end, end: next };
    at = next;
  }
}

async function readStretch(opened: OpenFile, { start, end }: Stretch): Promise<Uint8Array> {
  if (end - start > MAX_OBJECT_GRAPH_BYTES) throw badProtobuf(GRAPH_FILE);
  return opened.read(start, end - start);
}

function versionIn(meta: Uint8Array): string | undefined {
  for (const field of readFields(meta, GRAPH_FILE)) if (field.number === 5) return textOf(field);
  return undefined;
}

function rootOf(objects: Uint8Array): SavedObject | undefined {
  for (const node of readFields(objects, GRAPH_FILE)) {
    if (node.number !== 1) continue;
    const children: string[] = [];
    let [identifier, metadata] = ['', ''];
    for (const field of readFields(node.bytes, GRAPH_FILE)) {
      if (field.number === 1) {
        for (const part of readFields(field.bytes, GRAPH_FILE)) if (part.number === 2) children.push(textOf(part));
      } else if (field.number === 4) {
        for (const part of readFields(field.bytes, GRAPH_FILE)) {
          if (part.number === 1) identifier = textOf(part);
          if (part.number === 3) metadata = textOf(part);
        }
      }
    }
    return { children, identifier, metadata };
  }
  return undefined;
}
