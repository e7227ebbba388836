import { CHUNK_BYTES } from '../../limits.js';
import { tensorSize } from '../../model/tensor.js';
import type { AppendedTensor } from './plan-groups.js';

/** Bytes of the file of the modules. */
export const appendedLength = (appended: readonly AppendedTensor[]): number =>
  appended.reduce((sum, { tensor }) => sum + 4 * tensorSize(tensor), 0);

/** The values of the modules, made as they are written, small tensors together. */
export async function* appendedBytes(appended: readonly AppendedTensor[]): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  for (const { chunks } of appended) {
    for await (const made of chunks()) {
      waiting.push(made);
      size += made.byteLength;
      if (size < CHUNK_BYTES) continue;
      yield* waiting.length === 1 ? waiting : [joined(waiting, size)];
      waiting = [];
      size = 0;
    }
  }
  if (size > 0) yield joined(waiting, size);
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let done = 0;
  for (const part of parts) {
    bytes.set(part, done);
    done += part.byteLength;
  }
  return bytes;
}
