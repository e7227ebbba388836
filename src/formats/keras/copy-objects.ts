import { RetrofitError } from '../../errors.js';
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

// The lists that Keras writes; one of a single name is a list all the same.
const LISTS = /^(layer|weight)_names\d*$/;

function copyAttributes(source: Hdf5File, editor: Hdf5Editor, from: string, to: string): void {
  for (const name of source.listAttributes(from)) {
    if (LISTS.test(name)) editor.writeTexts(to, name, source.readTexts(from, name) ?? []);
    else copyText(source, editor, from, to, name);
  }
}

/** Keras' other attributes are texts; what is none is nothing that it would read. */
function copyText(source: Hdf5File, editor: Hdf5Editor, from: string, to: string, name: string): void {
  let text: string | undefined;
  try {
    text = source.readText(from, name);
  } catch (error) {
    if (error instanceof RetrofitError) return;
    throw error;
  }
  if (text !== undefined) editor.writeText(to, name, text);
}
