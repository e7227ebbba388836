import { fstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { outputError, RetrofitError } from '../../errors.js';
import type { FileWindow as StorageWindow } from '../file-window.js';
import { fileSystemReason, isFull, isTooLong } from './file-system-errors.js';
import { readBytesSync } from './read-bytes.js';
import { isSmall, runSync } from './run-sync.js';
import type { RunningChecksum } from './running-checksum.js';
import { isInterrupted } from './unfinished.js';
import { writeBytes, writeBytesSync } from './write-bytes.js';

/** A place to write: a file, or a stretch that reaches to the end of one, an archive that is being made. */
export interface WritePlace {
  readonly path: string;
  /** The name for messages. */
  readonly shown: string;
  /** Where the stretch begins; undefined for a file. */
  readonly byteOffset?: number;
  /** Checksum of the bytes copied into the window. */
  readonly checksum?: RunningChecksum;
  /** Is told of the bytes that were added, where there are many. */
  readonly grew?: (byteLength: number) => void;
}

/** Turns an error of the operating system, from writing a place, into one for the user. */
export function unwritable(shown: string, error: unknown): unknown {
  const reason = fileSystemReason(error);
  if (error instanceof RetrofitError || reason === undefined) return error;
  return outputError('cannot-write', `the output cannot be written: ${reason}`, {
    where: { file: shown },
    hint: `nothing was left behind; ${isFull(error) ? 'make room or ' : ''}choose ${isTooLong(error) ? 'a shorter name' : 'another place'} with -o`,
  });
}

/** A place that is open. */
export interface FileWindow extends StorageWindow {
  close(): Promise<void>;
}

/** Opens a place for reading and writing; a file must not be there yet if it is new. */
export async function openWindow(place: WritePlace, isNew: boolean): Promise<FileWindow> {
  const flags = isNew && place.byteOffset === undefined ? 'wx+' : 'r+';
  const file = await open(place.path, flags).catch((error) => {
    throw unwritable(place.shown, error);
  });
  return windowOf(file, place);
}

function windowOf(file: FileHandle, { path, shown, byteOffset = 0, checksum, grew }: WritePlace): FileWindow {
  const read = (address: number, byteLength: number): Uint8Array => {
    const bytes = readBytesSync(file.fd, byteOffset + address, byteLength);
    if (bytes.byteLength < byteLength) throw new Error(`${path} became shorter while it was written`);
    return bytes;
  };
  const begin = (bytes: Uint8Array, address: number): void => {
    // The process is ending: nothing more is written.
    if (isInterrupted()) throw new Error('interrupted');
    if (checksum === undefined || address >= checksum.byteLength) return;
    const after = bytes.subarray(0, checksum.byteLength - address);
    checksum.replace(address, read(address, after.byteLength), after);
  };
  const writeSync = (bytes: Uint8Array, address: number): number => {
    try {
      begin(bytes, address);
      writeBytesSync(file.fd, bytes, byteOffset + address);
    } catch (error) {
      throw unwritable(shown, error);
    }
    return address + bytes.byteLength;
  };
  return {
    read,
    byteLength: () => fstatSync(file.fd).size - byteOffset,
    write: async (bytes, address) => {
      if (isSmall(bytes.byteLength)) return runSync(() => writeSync(bytes, address));
      try {
        begin(bytes, address);
        await writeBytes(file, bytes, byteOffset + address);
        grew?.(bytes.byteLength);
      } catch (error) {
        throw unwritable(shown, error);
      }
      return address + bytes.byteLength;
    },
    writeSync,
    close: () => file.close(),
  };
}
