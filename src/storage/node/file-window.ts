import { fstatSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { outputError, RetrofitError } from '../../errors.js';
import { fileSystemReason, isFull } from './file-system-errors.js';
import { isSmall, runSync } from './run-sync.js';
import type { RunningChecksum } from './running-checksum.js';
import { writeBytes, writeBytesSync } from './write-bytes.js';

/** Where something is written: a file, or a stretch that reaches to the end of one, an archive that is being made. */
export interface WritePlace {
  readonly path: string;
  /** The name to show people. */
  readonly shown: string;
  /** Where the stretch begins; undefined for a file. */
  readonly byteOffset?: number;
  /** Of what was copied into the stretch. */
  readonly checksum?: RunningChecksum;
}

/** What the operating system says of a place that is written, as an error to show people. */
export function unwritable(shown: string, error: unknown): unknown {
  const reason = fileSystemReason(error);
  if (error instanceof RetrofitError || reason === undefined) return error;
  return outputError('cannot-write', `the output cannot be written: ${reason}`, {
    where: { file: shown },
    hint: `nothing was left behind; ${isFull(error) ? 'make room or ' : ''}choose another place with -o`,
  });
}

/** A place that is open; addresses count from where it begins. */
export interface FileWindow {
  readonly descriptor: number;
  readonly byteOffset: number;
  /** Bytes from the beginning of the place to the end of the file, now. */
  byteLength(): number;
  /** Writes all of some bytes, few of them while everything waits; where they end is returned. */
  write(bytes: Uint8Array, address: number): Promise<number>;
  /** The same, while everything waits. */
  writeSync(bytes: Uint8Array, address: number): number;
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

function windowOf(file: FileHandle, { path, shown, byteOffset = 0, checksum }: WritePlace): FileWindow {
  const note = (bytes: Uint8Array, address: number): void => {
    if (checksum === undefined || address >= checksum.byteLength) return;
    const after = bytes.subarray(0, checksum.byteLength - address);
    const before = Buffer.alloc(after.byteLength);
    for (let done = 0; done < before.length; ) {
      const count = readSync(file.fd, before, done, before.length - done, byteOffset + address + done);
      if (count === 0) throw new Error(`${path} became shorter while it was written`);
      done += count;
    }
    checksum.replace(address, before, after);
  };
  const writeSync = (bytes: Uint8Array, address: number): number => {
    try {
      note(bytes, address);
      writeBytesSync(file.fd, bytes, byteOffset + address);
    } catch (error) {
      throw unwritable(shown, error);
    }
    return address + bytes.byteLength;
  };
  return {
    descriptor: file.fd,
    byteOffset,
    byteLength: () => fstatSync(file.fd).size - byteOffset,
    write: async (bytes, address) => {
      if (isSmall(bytes.byteLength)) return runSync(() => writeSync(bytes, address));
      try {
        note(bytes, address);
        await writeBytes(file, bytes, byteOffset + address);
      } catch (error) {
        throw unwritable(shown, error);
      }
      return address + bytes.byteLength;
    },
    writeSync,
    close: () => file.close(),
  };
}
