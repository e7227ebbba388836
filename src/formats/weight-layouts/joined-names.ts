import { inputError } from '../../errors.js';
import type { Hdf5File } from '../../storage/hdf5.js';
import { CHECKPOINT_GROUP } from './keras-2-12-groups.js';

/** Form of joined names: no part of them is empty, `.` or `..`. */
const JOINED = new RegExp(String.raw`^${CHECKPOINT_GROUP}(\\(?!\.{0,2}(\\|$))[^\\]+)+$`);

/**
 * Returns the file with groups whose names are whole paths as nested groups: on Windows TensorFlow 2.12 to 2.14 joined
 * the names on the way to a layer with backslashes into one name. Datasets keep the path that they have in the file.
 * @throws RetrofitError `bad-weights` where one path stands for two groups
 */
export function withNamesTakenApart(file: Hdf5File): Hdf5File {
  const joined = file.list('/').filter(({ name, kind }) => kind === 'group' && JOINED.test(name));
  if (joined.length === 0) return file;
  if (file.has(`/${CHECKPOINT_GROUP}`)) {
    throw inputError('bad-weights', 'the weights lie in two ways, with names joined by slashes and by backslashes', {
      where: { field: `/${CHECKPOINT_GROUP}` },
      hint: 'save the model again with Keras',
    });
  }
  /** Names in the file by the paths that they stand for, and all that these lead through. */
  const names = new Map(joined.map(({ name }) => [`/${name.replaceAll('\\', '/')}`, `/${name}`]));
  const madeUp = new Map<string, Set<string>>();
  for (const path of names.keys()) {
    const parts = path.slice(1).split('/');
    for (const [depth, part] of parts.entries()) {
      const group = `/${parts.slice(0, depth).join('/')}`;
      madeUp.set(group, (madeUp.get(group) ?? new Set()).add(part));
    }
  }
  const findInFile = (path: string): string | undefined => {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const name = names.get(path.slice(0, end));
      if (name !== undefined) return name + path.slice(end);
    }
    return madeUp.has(path) && path !== '/' ? undefined : path;
  };
  const ask = <T>(path: string, answer: (found: string) => T, otherwise: T): T => {
    const found = findInFile(path);
    return found === undefined ? otherwise : answer(found);
  };
  return {
    has: (path) => madeUp.has(path) || ask(path, file.has, false),
    list: (group) => {
      const own = ask(group, file.list, []).filter(({ name }) => !names.has(`/${name.replaceAll('\\', '/')}`));
      const known = new Set(own.map(({ name }) => name));
      const more = [...(madeUp.get(group) ?? [])].filter((name) => !known.has(name));
      return [...own, ...more.map((name) => ({ name, kind: 'group' as const }))];
    },
    dataset: (path) => file.dataset(findInFile(path) ?? path),
    listAttributes: (path) => ask(path, file.listAttributes, []),
    readText: (path, name) => ask(path, (found) => file.readText(found, name), undefined),
    readTexts: (path, name) => ask(path, (found) => file.readTexts(found, name), undefined),
    textKind: (path, name) => ask(path, (found) => file.textKind(found, name), undefined),
    chunks: (dataset) => file.chunks(dataset),
  };
}
