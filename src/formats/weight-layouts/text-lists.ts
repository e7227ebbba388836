import { type Hdf5Editor, type Hdf5File, MOST_ATTRIBUTE_BYTES, TEXT_REFERENCE_BYTES } from '../../storage/hdf5.js';
import { type AttributePlace, ENCODED, findTextKind } from './text-kinds.js';

/**
 * Reads a list of texts that may be split over the attributes `name0`, `name1`, ...; undefined where there is none.
 * Source: `load_attributes_from_hdf5_group` in keras/src/legacy/saving/legacy_h5_format.py.
 */
export function readTextList(file: Hdf5File, path: string, name: string): readonly string[] | undefined {
  const whole = file.readTexts(path, name);
  if (whole !== undefined) return whole;
  const pieces: string[] = [];
  for (let index = 0; ; index++) {
    const piece = file.readTexts(path, `${name}${index}`);
    if (piece === undefined) return index === 0 ? undefined : pieces;
    pieces.push(...piece);
  }
}

/** Attributes where such a list may begin. */
export const listPlaces = (path: string, name: string): readonly AttributePlace[] => [
  [path, name],
  [path, `${name}0`],
];

/**
 * Writes such a list, split where Keras splits it, as the header of an object holds no more; what stood there before goes,
 * and its kind of text stays.
 * @param like other lists of the file, whose kind of text a new one has
 */
export function writeTextList(
  editor: Hdf5Editor,
  path: string,
  name: string,
  texts: readonly string[],
  like: readonly AttributePlace[] = [],
): void {
  const kind = findTextKind(editor, ...listPlaces(path, name), ...like) ?? ENCODED;
  const pieceName = new RegExp(`^${name}\\d*$`);
  for (const old of editor.listAttributes(path)) if (pieceName.test(old)) editor.removeAttribute(path, old);
  const longest = texts.reduce(
    (most, text) => Math.max(most, new TextEncoder().encode(text).byteLength),
    TEXT_REFERENCE_BYTES,
  );
  const most = Math.max(1, Math.floor(MOST_ATTRIBUTE_BYTES / longest));
  const count = Math.ceil(texts.length / most);
  if (count <= 1) {
    editor.writeTexts(path, name, texts, kind);
    return;
  }
  // Near-equal pieces: the first few have one more.
  const size = Math.floor(texts.length / count);
  const larger = texts.length % count;
  for (let index = 0, start = 0; index < count; index++) {
    const end = start + size + (index < larger ? 1 : 0);
    editor.writeTexts(path, `${name}${index}`, texts.slice(start, end), kind);
    start = end;
  }
}
