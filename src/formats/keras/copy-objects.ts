import type { Hdf5Editor, Hdf5File } from '../../storage/hdf5.js';

/**
 * Copies an object and all below it into another file, dataset by dataset, with the texts of its attributes.
 * @param isLeft tells paths of the source that are left out
 */
export async function copyObjects(
  source: Hdf5File,
  editor: Hdf5Editor,
  from: string,
  to: string,
  isLeft: (path: string) => boolean = () => false,
): Promise<void> {
  editor.makeGroup(to);
  copyAttributes(source, editor, from, to);
  for (const { name, kind } of source.list(from)) {
    const path = join(from, name);
    if (isLeft(path)) continue;
    if (kind === 'group') {
      await copyObjects(source, editor, path, join(to, name), isLeft);
      continue;
    }
    const dataset = source.dataset(path);
    await editor.makeDataset(join(to, name), dataset.dtype, dataset.shape, source.chunks(dataset));
  }
}

const join = (group: string, name: string): string => (group === '/' ? `/${name}` : `${group}/${name}`);

function copyAttributes(source: Hdf5File, editor: Hdf5Editor, from: string, to: string): void {
  for (const name of source.listAttributes(from)) {
    const text = source.readText(from, name);
    const texts = text === undefined ? source.readTexts(from, name) : undefined;
    if (text !== undefined) editor.writeText(to, name, text);
    else if (texts !== undefined) editor.writeTexts(to, name, texts);
  }
}
