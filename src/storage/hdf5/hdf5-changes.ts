import { joinHdf5 } from '../hdf5.js';
import { joinBytes, newBytes } from '../new-bytes.js';
import { attributeName } from './attribute.js';
import { encodeUtf8 } from './fields.js';
import type { FileTail } from './file-tail.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { badHdf5 } from './hdf5-errors.js';
import { ATTRIBUTE, NOTHING, SYMBOL_TABLE } from './message-types.js';
import { attributeContent, headerBytes, type NewMessage } from './new-messages.js';
import { ROOT_TARGET } from './new-superblock.js';
import { newSymbolTable } from './new-symbol-table.js';
import { numberBytes } from './number-bytes.js';
import { type HeaderMessage, readHeader } from './object-header.js';
import { IS_GROUP, listHardLinks, type SymbolEntry } from './symbol-table.js';
import { putTexts } from './text-collections.js';

/** New value of an attribute: texts. */
export interface NewAttribute {
  readonly datatype: Uint8Array;
  readonly shape: readonly number[];
  readonly texts: readonly string[];
  /** Undefined where the values are references to the texts, which are written when all are known. */
  readonly values: Uint8Array | undefined;
}

/** An object that is made or changed, or holds one that is. */
export interface ChangedObject {
  /** Where its header lies; undefined for a new object. */
  readonly address: number | undefined;
  readonly isGroup: boolean;
  /** By name; undefined for those that go. */
  readonly attributes: Map<string, NewAttribute | undefined>;
  readonly children: Map<string, ChangedObject>;
  /** New messages of a dataset's header about its values; undefined where they stay. */
  messages: readonly NewMessage[] | undefined;
}

export interface Patch {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/**
 * Writes the headers and tables of changed objects behind the end of a file. All else stays where it lies.
 * @param file as it was before anything was changed
 * @returns the patches by which the file leads to them
 * @throws RetrofitError `bad-hdf5` for objects that cannot be written anew
 */
export function writeChanges(file: Hdf5Bytes, tail: FileTail, root: ChangedObject): readonly Patch[] {
  const references = putAllTexts(tail, root);
  const patches: Patch[] = [];
  const target = write(root, '/');
  if (target !== undefined) patches.push({ address: ROOT_TARGET, bytes: target });
  return patches;

  /** @returns the target for the object's entry, if that has changed */
  function write(object: ChangedObject, path: string): Uint8Array | undefined {
    const old = object.address === undefined ? [] : oldMessages(file, object.address, path);
    const entries = new Map(object.address === undefined || !object.isGroup ? [] : listHardLinks(file, old));
    const targets = new Map<string, Uint8Array>();
    for (const [name, child] of object.children) {
      const changed = write(child, joinHdf5(path, name));
      if (changed !== undefined) targets.set(name, changed);
    }
    const isTableNew = object.address === undefined || [...targets.keys()].some((name) => !entries.has(name));
    if (!isTableNew) patches.push(...patchesOf(entries, targets));
    if (!isTableNew && object.attributes.size === 0 && object.messages === undefined) return undefined;
    const table = object.isGroup && isTableNew ? writeTable(entries, targets) : undefined;
    const messages = [
      ...(table === undefined ? [] : [{ type: SYMBOL_TABLE, content: table }]),
      ...(object.messages ?? []),
      ...keptMessages(old, object, table !== undefined),
      ...newAttributes(object, path),
    ];
    const address = tail.align();
    tail.add(headerBytes(messages));
    return targetOf(address, messages);
  }

  function writeTable(entries: ReadonlyMap<string, SymbolEntry>, targets: ReadonlyMap<string, Uint8Array>): Uint8Array {
    const old = [...entries].map(([name, entry]) => [name, entry.target] as const);
    const { bytes, place } = newSymbolTable(new Map([...old, ...targets]), tail.align());
    tail.add(bytes);
    return place;
  }

  function newAttributes({ attributes }: ChangedObject, path: string): readonly NewMessage[] {
    return [...attributes].flatMap(([name, attribute]) => {
      if (attribute === undefined) return [];
      const values = attribute.values ?? joinBytes(references.get(attribute)!);
      const content = attributeContent(name, attribute.datatype, attribute.shape, values);
      if (content === undefined) throw badHdf5('an attribute that is too long for HDF5', `${path}@${name}`);
      return [{ type: ATTRIBUTE, content }];
    });
  }
}

/** Puts down the texts of all attributes together, so that they share collections. */
function putAllTexts(tail: FileTail, root: ChangedObject): ReadonlyMap<NewAttribute, readonly Uint8Array[]> {
  const attributes: NewAttribute[] = [];
  const visit = (object: ChangedObject): void => {
    for (const attribute of object.attributes.values()) {
      if (attribute !== undefined && attribute.values === undefined) attributes.push(attribute);
    }
    for (const child of object.children.values()) visit(child);
  };
  visit(root);
  const references = putTexts(
    tail,
    attributes.flatMap(({ texts }) => texts.map((text) => encodeUtf8(text))),
  );
  let start = 0;
  return new Map(
    attributes.map((attribute) => {
      const own = references.slice(start, start + attribute.texts.length);
      start += own.length;
      return [attribute, own];
    }),
  );
}

function oldMessages(file: Hdf5Bytes, address: number, path: string): readonly HeaderMessage[] {
  const { isFirstVersion, messages, nameCount } = readHeader(file, address);
  if (!isFirstVersion) throw badHdf5('an object of another kind than Keras writes', path);
  // Under its other name it would stay as it was.
  if (nameCount !== 1) throw badHdf5('an object with several names', path);
  return messages;
}

/** Returns the old messages that a new header keeps. */
function keptMessages(
  old: readonly HeaderMessage[],
  object: ChangedObject,
  hasNewTable: boolean,
): readonly NewMessage[] {
  return old.filter(({ type, content }) => {
    if (type === ATTRIBUTE) return !object.attributes.has(attributeName(content));
    if (type === SYMBOL_TABLE) return !hasNewTable;
    // The other messages of a dataset's header describe values that lie elsewhere now.
    return type !== NOTHING && object.messages === undefined;
  });
}

function patchesOf(
  entries: ReadonlyMap<string, SymbolEntry>,
  targets: ReadonlyMap<string, Uint8Array>,
): readonly Patch[] {
  return [...targets].map(([name, bytes]) => ({ address: entries.get(name)!.address, bytes }));
}

/** Returns the part of an entry behind the name; for groups it repeats where the table is. */
function targetOf(address: number, messages: readonly NewMessage[]): Uint8Array {
  const { bytes: target, view } = newBytes(32);
  target.set(numberBytes(address));
  const table = messages.find(({ type }) => type === SYMBOL_TABLE);
  if (table !== undefined) {
    view.setUint32(8, IS_GROUP, true);
    target.set(table.content.subarray(0, 16), 16);
  }
  return target;
}
