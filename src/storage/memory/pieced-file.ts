import { SMALL_BYTES } from '../../limits.js';
import type { FileWindow } from '../file-window.js';
import { type Content, sizeOf, sliceOf } from './content.js';
import { beginReadSync, READS_BLOBS, type ReadSync } from './read-sync.js';

/** A stretch of a file: bytes of a content, which is not changed unless it is the file's own. */
interface Piece {
  readonly start: number;
  readonly byteLength: number;
  readonly content: Content;
  readonly byteOffset: number;
  readonly isOwn: boolean;
}

/** A file that consists of stretches of others and of new bytes. Nothing is copied before it has to change. */
export interface PiecedFile {
  readonly byteLength: number;
  /** Replaces bytes, or appends them behind the end. They are copied. */
  put(bytes: Uint8Array, address: number): void;
  /** Opens it for reading and writing while everything waits. */
  open(path: string): Promise<FileWindow>;
  toContent(): Content;
}

const endOf = ({ start, byteLength }: Piece): number => start + byteLength;

export function makePiecedFile(content: Content): PiecedFile {
  // One behind the other, from the first byte to the last.
  const pieces: Piece[] = [];
  const byteLength = (): number => (pieces.length === 0 ? 0 : endOf(pieces.at(-1)!));
  if (sizeOf(content) > 0) pieces.push({ start: 0, byteLength: sizeOf(content), content, byteOffset: 0, isOwn: false });

  /** The piece that holds an address; their number for the end. */
  const indexAt = (address: number): number => {
    let [low, high] = [0, pieces.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (endOf(pieces[middle]!) > address) high = middle;
      else low = middle + 1;
    }
    return low;
  };

  const put = (bytes: Uint8Array, address: number): void => {
    const end = address + bytes.byteLength;
    if (bytes.byteLength === 0) return;
    if (address > byteLength()) throw new Error('bytes are put behind the end of a file');
    const first = indexAt(address);
    const before = pieces[first];
    if (before?.isOwn && before.content instanceof Uint8Array && endOf(before) >= end) {
      before.content.set(bytes, before.byteOffset + address - before.start);
      return;
    }
    const last = end >= byteLength() ? pieces.length - 1 : indexAt(end - 1);
    const behind = pieces[last];
    pieces.splice(
      first,
      last - first + 1,
      ...(before !== undefined && before.start < address ? [{ ...before, byteLength: address - before.start }] : []),
      ownPiece(bytes, address),
      ...(behind !== undefined && endOf(behind) > end ? [cutStart(behind, end)] : []),
    );
  };

  const read = (readSync: ReadSync, address: number, length: number): Uint8Array => {
    const first = pieces[indexAt(address)];
    if (first !== undefined && address + length <= endOf(first))
      return readSync(first.content, first.byteOffset + address - first.start, length);
    const bytes = new Uint8Array(length);
    for (let index = indexAt(address), done = 0; done < length; index += 1) {
      const { start, content, byteOffset, byteLength } = pieces[index]!;
      const from = address + done - start;
      const count = Math.min(byteLength - from, length - done);
      bytes.set(readSync(content, byteOffset + from, count), done);
      done += count;
    }
    return bytes;
  };

  return {
    get byteLength() {
      return byteLength();
    },
    put,
    open: async (path) => {
      const readSync = await beginReadSync(
        path,
        pieces.map(({ content }) => content),
      );
      const writeSync = (bytes: Uint8Array, address: number): number => {
        put(bytes, address);
        return address + bytes.byteLength;
      };
      return {
        byteLength,
        read: (address, length) => read(readSync, address, length),
        write: async (bytes, address) => writeSync(bytes, address),
        writeSync,
      };
    },
    toContent: () => {
      const parts = pieces.map(({ content, byteOffset, byteLength }) => sliceOf(content, byteOffset, byteLength));
      return parts.length === 1 ? parts[0]! : new Blob(parts as Blob[]);
    },
  };
}

/** Many bytes go to where a browser keeps blobs, if they can be read from there as those in memory. */
function ownPiece(bytes: Uint8Array, start: number): Piece {
  const { byteLength } = bytes;
  const isKept = READS_BLOBS && byteLength > SMALL_BYTES;
  const content = isKept ? new Blob([bytes as Uint8Array<ArrayBuffer>]) : new Uint8Array(bytes);
  return { start, byteLength, content, byteOffset: 0, isOwn: true };
}

const cutStart = (piece: Piece, start: number): Piece => ({
  ...piece,
  start,
  byteLength: endOf(piece) - start,
  byteOffset: piece.byteOffset + start - piece.start,
});
