import { inputError } from '../../errors.js';
import { MAX_HDF5_DEPTH } from '../../limits.js';
import { type Hdf5Entry, joinHdf5 } from '../hdf5.js';
import { badHdf5 } from './hdf5-errors.js';

/** A name in a group, and the object or link that it leads to. */
export interface Hdf5Child {
  readonly name: string;
  readonly kind: 'group' | 'dataset' | 'soft link' | 'external link' | 'unknown';
  /** Where the object's header lies in the file; -1 for a link. */
  readonly address: number;
}

export interface Hdf5Object {
  readonly kind: Hdf5Entry['kind'];
  /** Where its header lies; undefined for an object made since the file was opened. */
  readonly address: number | undefined;
}

interface TreeNode extends Hdf5Object {
  /** By name; undefined for a dataset, and for a group that was not listed yet. */
  children: Map<string, TreeNode> | undefined;
}

/** The groups and datasets of an open file, read on demand and remembered. */
export interface Hdf5Tree {
  /** @throws RetrofitError `bad-hdf5` if no such group is there, `unsafe-path` if it holds links */
  list(group: string): readonly Hdf5Entry[];
  find(path: string): Hdf5Object | undefined;
  /** Adds an object that was made. */
  add(path: string, kind: Hdf5Entry['kind']): void;
}

/**
 * The tree over a function that lists the children of a group.
 * @param rootAddress undefined for a new file
 */
export function makeTree(
  rootAddress: number | undefined,
  listChildren: (group: string, address: number) => readonly Hdf5Child[],
): Hdf5Tree {
  const pathByAddress = new Map<number, string>();
  const root: TreeNode = {
    kind: 'group',
    address: rootAddress,
    children: rootAddress === undefined ? new Map() : undefined,
  };
  if (rootAddress !== undefined) pathByAddress.set(rootAddress, '/');

  const childrenOf = (group: TreeNode, path: string): Map<string, TreeNode> => {
    if (group.children !== undefined) return group.children;
    const { address } = group;
    const listed = address === undefined ? [] : listChildren(path, address);
    group.children = new Map(listed.map((child) => [child.name, admit(child, path)]));
    return group.children;
  };

  const admit = ({ name, kind, address }: Hdf5Child, group: string): TreeNode => {
    const path = joinHdf5(group, name);
    if (!isPlainName(name)) throw unsafe('a name that is no name', path);
    if (kind === 'soft link' || kind === 'external link')
      throw unsafe(`${kind === 'soft link' ? 'a' : 'an'} ${kind}`, path);
    if (kind === 'unknown') throw badHdf5('an object that is neither a group nor a dataset', path);
    // Two names of one object: groups could go round in circles, and a change under one name would be one under the other.
    const other = pathByAddress.get(address);
    if (other !== undefined && other !== path) throw unsafe(`a second name of ${other}`, path);
    pathByAddress.set(address, path);
    return { kind, address, children: undefined };
  };

  const find = (path: string): TreeNode | undefined => {
    let found: TreeNode | undefined = root;
    let at = '/';
    for (const name of splitPath(path)) {
      if (found?.kind !== 'group') return undefined;
      found = childrenOf(found, at).get(name);
      at = joinHdf5(at, name);
    }
    return found;
  };

  return {
    find,
    list: (path) => {
      const found = find(path);
      if (found?.kind !== 'group') throw badHdf5('there is no such group', path);
      const children = childrenOf(found, path);
      return [...children.keys()].sort().map((name) => ({ name, kind: children.get(name)!.kind }));
    },
    add: (path, kind) => {
      const children = kind === 'group' ? new Map<string, TreeNode>() : undefined;
      find(folderOf(path))?.children?.set(splitPath(path).at(-1)!, { kind, address: undefined, children });
    },
  };
}

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
