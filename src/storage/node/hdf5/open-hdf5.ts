import { closeSync, fstatSync, openSync } from 'node:fs';
import { inFile } from '../../../errors.js';
import type { Hdf5Editor, Hdf5File } from '../../hdf5.js';
import type { FoundFile } from '../../storage.js';
import { unreadable } from '../open-file.js';
import { writeBytesSync } from '../write-bytes.js';
import { bytesOf, damaged, readSuperblock } from './hdf5-bytes.js';
import type { Hdf5Mode } from './hdf5-calls.js';
import { getDatatypePlace } from './hdf5-dataset-header.js';
import { datatypeMessage } from './hdf5-dtypes.js';
import { makeEditor, type Placeholder } from './hdf5-editor.js';
import { makeView, type OpenHdf5 } from './hdf5-file.js';
import { withHdf5Thread } from './hdf5-thread.js';
import { plainRootAddress } from './plain-hdf5.js';

/** Opens a file, or a stretch of one, that is open for reading already. See {@link Storage.withHdf5}. */
export async function readHdf5<T>(
  descriptor: number,
  { path, byteOffset = 0, byteLength }: FoundFile,
  use: (opened: Hdf5File) => Promise<T>,
): Promise<T> {
  const bytes = bytesOf(descriptor, byteOffset, byteLength);
  return namingFile(path, async () => {
    readSuperblock(bytes);
    const plainRoot = plainRootAddress(bytes);
    return withOpened({ descriptor, byteOffset, byteLength, mode: 'read' }, (opened) =>
      use(withFileNamed(makeView({ ...opened, plainRoot, bytes: () => bytes }).reader, path)),
    );
  });
}

/** Makes a new file at a path where none is. */
export const buildHdf5 = (path: string, shown: string, build: (editor: Hdf5Editor) => Promise<void>): Promise<void> =>
  changeHdf5(openSync(path, 'wx+'), shown, 'new', build);

/** Changes a file. */
export const editHdf5 = (path: string, shown: string, edit: (editor: Hdf5Editor) => Promise<void>): Promise<void> =>
  changeHdf5(openSync(path, 'r+'), shown, 'change', edit);

async function changeHdf5(
  descriptor: number,
  shown: string,
  mode: Hdf5Mode,
  change: (editor: Hdf5Editor) => Promise<void>,
): Promise<void> {
  const bytes = () => bytesOf(descriptor, 0, fstatSync(descriptor).size);
  try {
    await namingFile(shown, async () => {
      if (mode === 'change') readSuperblock(bytes());
      const plainRoot = mode === 'change' ? plainRootAddress(bytes()) : undefined;
      const placeholders = await withOpened({ descriptor, byteOffset: 0, byteLength: null, mode }, async (opened) => {
        const { editor, placeholders } = makeEditor({ ...opened, plainRoot, bytes });
        await change(editor);
        return placeholders;
      });
      for (const placeholder of placeholders) replacePlaceholder(descriptor, placeholder);
    });
  } finally {
    closeSync(descriptor);
  }
}

interface Opening {
  readonly descriptor: number;
  readonly byteOffset: number;
  readonly byteLength: number | null;
  readonly mode: Hdf5Mode;
}

function withOpened<T>(
  { descriptor, byteOffset, byteLength, mode }: Opening,
  use: (opened: Omit<OpenHdf5, 'plainRoot' | 'bytes'>) => Promise<T>,
): Promise<T> {
  return withHdf5Thread(mode !== 'read', async (thread) => {
    let opened: number | undefined;
    const file = () => {
      opened ??= thread.call('open', descriptor, byteOffset, byteLength, mode);
      return opened;
    };
    const close = () => opened !== undefined && thread.call('close', opened);
    let result: T;
    try {
      // What is only read may never have to be.
      if (mode !== 'read') file();
      result = await use({ thread, file });
    } catch (error) {
      try {
        close();
      } catch {
        // Why the work failed matters more.
      }
      throw error;
    }
    close();
    return result;
  });
}

/** h5wasm cannot make every type: the message that stands in for one is replaced by what h5py would have written. */
function replacePlaceholder(descriptor: number, { address, dtype }: Placeholder): void {
  const place = getDatatypePlace(bytesOf(descriptor, 0, fstatSync(descriptor).size), address);
  const message = datatypeMessage(dtype);
  if (message.length > place.byteLength) throw damaged('a new dataset has no room for its type');
  const bytes = Buffer.alloc(place.byteLength);
  message.copy(bytes);
  writeBytesSync(descriptor, bytes, place.address);
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
