import { joinHdf5 } from '../hdf5.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { inObject } from './hdf5-errors.js';
import { listLinks } from './link-message.js';
import { DATATYPE, LAYOUT, LINK_INFO, SYMBOL_TABLE } from './message-types.js';
import { type HeaderMessage, readHeader } from './object-header.js';
import type { Hdf5Child } from './object-tree.js';
import { checkTable, listEntries } from './symbol-table.js';

/** Lists the objects of a group, whichever way it keeps its names. @throws RetrofitError `bad-hdf5` */
export function listGroup(file: Hdf5Bytes, path: string, address: number): readonly Hdf5Child[] {
  return inObject(path, () => {
    const { messages } = readHeader(file, address);
    return has(messages, SYMBOL_TABLE) ? tableChildren(file, path, messages) : linkChildren(file, path, messages);
  });
}

function tableChildren(file: Hdf5Bytes, path: string, messages: readonly HeaderMessage[]): readonly Hdf5Child[] {
  return [...listEntries(file, messages).values()].map((entry) => {
    const { name, headerAddress, isSoftLink } = entry;
    if (isSoftLink) return { name, kind: 'soft link', address: -1 };
    return inObject(joinHdf5(path, name), () => {
      const { messages: own } = readHeader(file, headerAddress);
      checkTable(entry, own);
      return { name, kind: kindOf(own), address: headerAddress };
    });
  });
}

function linkChildren(file: Hdf5Bytes, path: string, messages: readonly HeaderMessage[]): readonly Hdf5Child[] {
  return listLinks(file, messages).map(({ name, kind, address }) =>
    kind !== 'object'
      ? { name, kind, address }
      : inObject(joinHdf5(path, name), () => ({ name, kind: kindOf(readHeader(file, address).messages), address })),
  );
}

const has = (messages: readonly HeaderMessage[], wanted: number): boolean =>
  messages.some(({ type }) => type === wanted);

/** Determines an object's kind as HDF5 does: by the messages that its header has. */
function kindOf(messages: readonly HeaderMessage[]): Hdf5Child['kind'] {
  if (has(messages, SYMBOL_TABLE) || has(messages, LINK_INFO)) return 'group';
  return has(messages, DATATYPE) && has(messages, LAYOUT) ? 'dataset' : 'unknown';
}
