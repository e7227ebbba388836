import { fileURLToPath } from 'node:url';
import type { Hdf5Editor, Hdf5File } from '../../src/storage/hdf5.js';
import { nodeStorage } from '../../src/storage/node/node-storage.js';

export const hdf5Fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/hdf5/${name}`, import.meta.url));

export async function readFileWith<T>(path: string, use: (file: Hdf5File) => T | Promise<T>): Promise<T> {
  return nodeStorage.withHdf5(await nodeStorage.findFile(path), async (file) => use(file));
}

export const readFixture = <T>(name: string, use: (file: Hdf5File) => T | Promise<T>): Promise<T> =>
  readFileWith(hdf5Fixture(name), use);

/** Makes a new file in a folder, as an output of its own. */
export async function buildFile(
  folder: string,
  name: string,
  build: (editor: Hdf5Editor) => Promise<void>,
): Promise<string> {
  const pending = await nodeStorage.beginFiles(folder, [name], false);
  await pending.buildHdf5(name, build);
  await pending.commit();
  return `${folder}/${name}`;
}

/** Makes a changed copy of a file. */
export async function editCopy(
  path: string,
  folder: string,
  name: string,
  edit: (editor: Hdf5Editor) => Promise<void>,
): Promise<string> {
  const pending = await nodeStorage.beginFiles(folder, [name], false);
  await pending.copy(await nodeStorage.findFile(path), name);
  await pending.editHdf5(name, edit);
  await pending.commit();
  return `${folder}/${name}`;
}

export const valuesOf = (file: Hdf5File, path: string): Buffer => Buffer.concat([...file.chunks(file.dataset(path))]);

/** Reads everything there is in a file: how many bytes its datasets have. */
export function readAll(file: Hdf5File, group = '/'): number {
  for (const name of file.listAttributes(group)) file.readTexts(group, name);
  let total = 0;
  for (const { name, kind } of file.list(group)) {
    const path = group === '/' ? `/${name}` : `${group}/${name}`;
    if (kind === 'group') {
      total += readAll(file, path);
      continue;
    }
    for (const attribute of file.listAttributes(path)) file.readTexts(path, attribute);
    const dataset = file.dataset(path);
    if (dataset.dtype !== 'string' && dataset.dtype !== 'other') total += valuesOf(file, path).length;
  }
  return total;
}
