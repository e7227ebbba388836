import { inFile } from '../../errors.js';
import type { FileWindow } from '../file-window.js';
import type { Hdf5Editor, Hdf5File } from '../hdf5.js';
import { isEditable } from './editable.js';
import type { Inflate } from './filter-pipeline.js';
import { type ByteSource, hdf5Bytes, windowBytes } from './hdf5-bytes.js';
import { makeEditor } from './hdf5-editor.js';
import { badHdf5 } from './hdf5-errors.js';
import { makeView } from './hdf5-file.js';
import { readSuperblock } from './superblock.js';

/**
 * Reads a file; see {@link Storage.withHdf5}.
 * @param path the name for messages
 */
export function readHdf5<T>(
  source: ByteSource,
  path: string,
  inflate: Inflate,
  use: (opened: Hdf5File) => Promise<T>,
): Promise<T> {
  return namingFile(path, async () => {
    const bytes = hdf5Bytes(source);
    readSuperblock(bytes);
    return use(withFileNamed(makeView(bytes, inflate).reader, path));
  });
}

/**
 * Changes a file for which `canEditHdf5` is true, or makes one of no bytes.
 * @param shown the name for messages
 */
export function changeHdf5(
  file: FileWindow,
  shown: string,
  inflate: Inflate,
  change: (editor: Hdf5Editor) => Promise<void>,
): Promise<void> {
  return namingFile(shown, async () => {
    const bytes = windowBytes(file);
    if (bytes.byteLength > 0 && !isEditable(bytes)) throw badHdf5('the file is not of the kind that Keras writes');
    const { editor, finish } = makeEditor(file, makeView(bytes, inflate), bytes, inflate);
    await change(editor);
    finish();
  });
}

/** A file that is read while another is written: its errors say which it was. */
function withFileNamed(reader: Hdf5File, path: string): Hdf5File {
  const naming =
    <Args extends readonly unknown[], Result>(work: (...args: Args) => Result) =>
    (...args: Args): Result => {
      try {
        return work(...args);
      } catch (error) {
        throw inFile(error, path);
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
