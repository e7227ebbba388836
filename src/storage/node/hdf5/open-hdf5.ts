import { inFile } from '../../../errors.js';
import { badHdf5 } from '../../hdf5/hdf5-errors.js';
import { makeView } from '../../hdf5/hdf5-file.js';
import { readSuperblock } from '../../hdf5/superblock.js';
import type { Hdf5Editor, Hdf5File } from '../../hdf5.js';
import type { FoundFile } from '../../storage.js';
import { openWindow, type WritePlace } from '../file-window.js';
import { unreadable } from '../open-file.js';
import { isEditable } from './editable.js';
import { bytesOf, inflate } from './file-bytes.js';
import { makeEditor } from './hdf5-editor.js';

/** Opens a file, or a stretch of one, that is open for reading already. See {@link Storage.withHdf5}. */
export function readHdf5<T>(
  descriptor: number,
  { path, byteOffset = 0, byteLength }: FoundFile,
  use: (opened: Hdf5File) => Promise<T>,
): Promise<T> {
  return namingFile(path, async () => {
    const bytes = bytesOf(descriptor, byteOffset, byteLength);
    readSuperblock(bytes);
    return use(withFileNamed(makeView(bytes, inflate).reader, path));
  });
}

/** Makes a new file at a place where none is. */
export const buildHdf5 = (place: WritePlace, build: (editor: Hdf5Editor) => Promise<void>): Promise<void> =>
  changeHdf5(place, true, build);

/** Changes a file; `canEditHdf5` has said that it can be done. */
export const editHdf5 = (place: WritePlace, edit: (editor: Hdf5Editor) => Promise<void>): Promise<void> =>
  changeHdf5(place, false, edit);

async function changeHdf5(
  place: WritePlace,
  isNew: boolean,
  change: (editor: Hdf5Editor) => Promise<void>,
): Promise<void> {
  const file = await openWindow(place, isNew);
  try {
    await namingFile(place.shown, async () => {
      const bytes = bytesOf(file.descriptor, file.byteOffset, file.byteLength());
      if (bytes.byteLength > 0 && !isEditable(bytes)) throw badHdf5('the file is not of the kind that Keras writes');
      const { editor, finish } = makeEditor(file, makeView(bytes, inflate), bytes);
      await change(editor);
      finish();
    });
  } finally {
    await file.close();
  }
}
/** A file that is read while another is written: its errors say which it was. */
function withFileNamed(reader: Hdf5File, path: string): Hdf5File {
  const naming =
    <Args extends readonly unknown[], Result>(work: (...args: Args) => Result) =>
    (...args: Args): Result => {
      try {
        return work(...args);
      } catch (error) {
        throw inFile(unreadable(path, error), path);
      }
    };
  return {
    list: naming(reader.list),
    has: naming(reader.has),
    dataset: naming(reader.dataset),
    listAttributes: naming(reader.listAttributes),
    readText: naming(reader.readText),
    readTexts: naming(reader.readTexts),
    textKind: naming(reader.textKind),
    *chunks(dataset) {
      const pieces = reader.chunks(dataset)[Symbol.iterator]();
      const next = naming(() => pieces.next());
      for (let piece = next(); !piece.done; piece = next()) yield piece.value;
    },
  };
}

async function namingFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw inFile(error, path);
  }
}
