import { CHUNK_BYTES, SMALL_BYTES } from '../../limits.js';
import type { FileWindow } from '../file-window.js';
import { padded } from './fields.js';

/** Writes behind the end of a file; small pieces are buffered, and written together. */
export interface FileTail {
  /** Where the next piece begins. */
  readonly end: number;
  /** Begins at the next multiple of 8. */
  align(): number;
  /** Takes a copy of a few bytes. */
  add(bytes: Uint8Array): void;
  /** Takes any number of bytes. */
  addChunk(bytes: Uint8Array): Promise<void>;
  flush(): void;
}

export function makeTail(file: FileWindow, start: number): FileTail {
  const held = new Uint8Array(CHUNK_BYTES);
  let written = start;
  let count = 0;
  const tail: FileTail = {
    get end() {
      return written + count;
    },
    align: () => {
      tail.add(new Uint8Array(padded(tail.end) - tail.end));
      return tail.end;
    },
    add: (bytes) => {
      if (count + bytes.byteLength > held.length) tail.flush();
      if (bytes.byteLength > held.length) {
        written = file.writeSync(bytes, written);
        return;
      }
      held.set(bytes, count);
      count += bytes.byteLength;
    },
    addChunk: async (bytes) => {
      if (bytes.byteLength <= SMALL_BYTES) return tail.add(bytes);
      tail.flush();
      written = await file.write(bytes, written);
    },
    flush: () => {
      written = file.writeSync(held.subarray(0, count), written);
      count = 0;
    },
  };
  return tail;
}
