import { RetrofitError } from '../../errors.js';
import { type Hdf5Editor, type Hdf5File, joinHdf5 } from '../../storage/hdf5.js';

/**
 * Copies an object and all below it into another file, dataset by dataset, with the texts of its attributes.
 * @param isLeft tells paths of the source that are left out
 * @returns what could not be copied: paths of datasets without numbers, `path@name` of attributes without texts
 */
export async function copyObjects(
  source: Hdf5File,
  editor: Hdf5Editor,
  from: string,
  to: string,
  isLeft: (path: string) => boolean = () => false,
): Promise<readonly string[]> {
  editor.makeGroup(to);
  const lost = [...copyAttributes(source, editor, from, to)];
  for (const { name, kind } of source.list(from)) {
    const path = joinHdf5(from, name);
    const place = joinHdf5(to, name);
    if (isLeft(path)) continue;
    if (kind === 'group') {
      lost.push(...(await copyObjects(source, editor, path, place, isLeft)));
      continue;
    }
    const dataset = source.dataset(path);
    if (dataset.dtype === 'string' || dataset.dtype === 'other') {
      lost.push(path);
      continue;
    }
    await editor.makeDataset(place, dataset.dtype, dataset.shape, source.chunks(dataset));
    lost.push(...copyAttributes(source, editor, path, place));
  }
  return lost;
}

// The lists that Keras writes, which may be empty.
const LISTS = /^(layer|weight)_names\d*$/;

function copyAttributes(source: Hdf5File, editor: Hdf5Editor, from: string, to: string): readonly string[] {
  return source.listAttributes(from).flatMap((name) => {
    const texts = readTexts(source, from, name);
    if (texts === undefined) return [`${from}@${name}`];
    const kind = source.textKind(from, name);
    if (kind?.isList === false) editor.writeText(to, name, texts[0]!, kind);
    else editor.writeTexts(to, name, texts, kind);
    return [];
  });
}

/** Reads texts; undefined for attributes of other types, which Keras does not read. */
function readTexts(source: Hdf5File, from: string, name: string): readonly string[] | undefined {
  if (LISTS.test(name)) return source.readTexts(from, name);
  try {
    const texts = source.readTexts(from, name);
    return texts?.length === 0 ? undefined : texts;
  } catch (error) {
    if (error instanceof RetrofitError) return undefined;
    throw error;
  }
}
