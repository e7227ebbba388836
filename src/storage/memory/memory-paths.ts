/** A path from the root of the storage without `.`, `..` and slashes before or behind; the root itself is `.`. */
export function plainPath(path: string): string {
  const plain: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') plain.pop();
    else if (part !== '' && part !== '.') plain.push(part);
  }
  return plain.length === 0 ? '.' : plain.join('/');
}

export const absolutePath = (path: string): string => (plainPath(path) === '.' ? '/' : `/${plainPath(path)}`);

export const joinPaths = (folder: string, name: string): string => plainPath(`${folder}/${name}`);

/** Returns the prefix of all paths in a folder. */
export const startOf = (folder: string): string => (plainPath(folder) === '.' ? '' : `${plainPath(folder)}/`);

/** The folders on the way to a file, each with a slash behind it. */
export const foldersAround = (name: string): readonly string[] =>
  [...name.matchAll(/\//g)].map(({ index }) => name.slice(0, index + 1));
