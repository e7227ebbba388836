import { inputError } from '../../../errors.js';
import { MAX_HDF5_DEPTH } from '../../../limits.js';
import type { Hdf5Entry } from '../../hdf5.js';
import { badHdf5 } from './hdf5-bytes.js';
import type { Hdf5Child } from './hdf5-calls.js';

export interface Hdf5Object {
  readonly kind: Hdf5Entry['kind'];
  /** Where its header lies; undefined for what was made since the file was opened. */
  readonly address: number | undefined;
}

/** The groups and datasets of an open file, looked at when they are asked for, and remembered. */
export interface Hdf5Tree {
  /** @throws RetrofitError `bad-hdf5` if no such group is there, `unsafe-path` if it holds links */
  list(group: string): readonly Hdf5Entry[];
  find(path: string): Hdf5Object | undefined;
  /** Notes what was made. */
  add(path: string, kind: Hdf5Entry['kind']): void;
}

/**
 * The tree over a function that lists the children of a group.
 * @param rootAddress undefined for a new file
 */
export function makeTree(
  rootAddress: number | undefined,
  listChildren: (group: string, address: number | undefined) => readonly Hdf5Child[],
): Hdf5Tree {
  const groups = new Map<string, Map<string, Hdf5Object>>();
  const pathByAddress = new Map<number, string>();
  const root: Hdf5Object = { kind: 'group', address: rootAddress };

  if (rootAddress === undefined) groups.set('/', new Map());
  else pathByAddress.set(rootAddress, '/');

  const childrenOf = (group: string, { address }: Hdf5Object): Map<string, Hdf5Object> => {
    let children = groups.get(group);
    if (children === undefined) {
      children = new Map(listChildren(group, address).map((child) => [child.name, admit(child, group)]));
      groups.set(group, children);
    }
    return children;
  };

  const admit = ({ name, kind, address }: Hdf5Child, group: string): Hdf5Object => {
    const path = join(group, name);
    if (!isPlainName(name)) throw unsafe('a name that is no name', path);
    if (kind === 'soft link' || kind === 'external link')
      throw unsafe(`${kind === 'soft link' ? 'a' : 'an'} ${kind}`, path);
    if (kind === 'unknown') throw badHdf5('an object that is neither a group nor a dataset', path);
    // Two names of one object: groups could go round in circles, and a change under one name would be one under the other.
    const other = pathByAddress.get(address);
    if (other !== undefined && other !== path) throw unsafe(`a second name of ${other}`, path);
    pathByAddress.set(address, path);
    return { kind, address };
  };

  const find = (path: string): Hdf5Object | undefined => {
    let found: Hdf5Object | undefined = root;
    let group = '/';
    for (const name of splitPath(path)) {
      if (found?.kind !== 'group') return undefined;
      found = childrenOf(group, found).get(name);
      group = join(group, name);
    }
    return found;
  };

  return {
    find,
    list: (group) => {
      const found = find(group);
      if (found?.kind !== 'group') throw badHdf5('there is no such group', group);
      const children = childrenOf(group, found);
      return [...children.keys()].sort().map((name) => ({ name, kind: children.get(name)!.kind }));
    },
    add: (path, kind) => {
      const name = splitPath(path).at(-1)!;
      groups.get(folderOf(path))?.set(name, { kind, address: undefined });
      if (kind === 'group') groups.set(path, new Map());
    },
  };
}

export const join = (group: string, name: string): string => (group === '/' ? `/${name}` : `${group}/${name}`);

export const folderOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));

/**
 * The names on the way to an object; none for the root.
 * @throws RetrofitError `unsafe-path` for names that are empty, `.` or `..`
 */
export function splitPath(path: string): readonly string[] {
  if (path === '/') return [];
  const [before, ...names] = path.split('/');
  if (before !== '' || names.length === 0 || !names.every(isPlainName)) {
    throw unsafe('a path with an empty name, . or ..', path);
  }
  if (names.length > MAX_HDF5_DEPTH) throw badHdf5('groups lie too deep in each other', path);
  return names;
}

const isPlainName = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0');

const unsafe = (what: string, path: string) =>
  inputError('unsafe-path', `the HDF5 file holds ${what}, where only groups and datasets can be`, {
    where: { field: path },
    hint: 'save the model anew with Keras, without links',
  });
