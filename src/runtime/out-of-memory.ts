import { RetrofitError, usageError } from '../errors.js';
import type { TensorFlow } from './tensorflow.js';

/** Addresses of WebAssembly have 32 bits. */
const HEAP_BYTES = 2 ** 32;

/** Messages of V8, Emscripten and TensorFlow about full memory; a full heap makes kernels fail in any of these ways. */
const MESSAGES =
  /array buffer allocation failed|invalid (typed )?array( buffer)? length|memory access out of bounds|table index is out of bounds|out of memory|\boom\b|unreachable|bad_alloc|resource ?exhausted/i;

const FULL = 'the memory is full: ';

/** Too many images at once for the memory. */
const outOfMemory = (what: string, batch: number | undefined): RetrofitError =>
  usageError('out-of-memory', FULL + what, {
    where: { field: 'batch' },
    hint: `${smallerBatch(batch)}; a native backend has more (se-retrofit backends says how to get one)`,
  });

function smallerBatch(batch: number | undefined): string {
  if (batch === undefined) return 'a smaller --batch needs less';
  return batch === 1 ? 'one image alone needs more' : `try --batch ${Math.ceil(batch / 4)} instead of ${batch}`;
}

/**
 * Returns the same error, or `out-of-memory` where a computation found no room.
 * @param batch how many images were computed at once
 */
export function namingMemory(error: unknown, batch?: number): unknown {
  if (error instanceof RetrofitError)
    return error.code === 'out-of-memory' ? outOfMemory(error.message.slice(FULL.length), batch) : error;
  if (!(error instanceof Error) || !MESSAGES.test(error.message)) return error;
  return outOfMemory(error.message.split('\n')[0]!.trim(), batch);
}

interface WasmBackend {
  readonly wasm: { _malloc(byteLength: number): number; _free(address: number): void };
}

/**
 * Makes the wasm backend report when its heap is full. It takes the address 0, by which the heap reports that, for one
 * like any other, and overwrites the bytes there; of more than 4 GiB it asks for the size modulo 4 GiB.
 */
export function guardWasmMemory(tf: TensorFlow['tf']): void {
  const { wasm } = tf.backend() as unknown as WasmBackend;
  // Emscripten's functions put themselves in their own places when they are first called.
  wasm._free(wasm._malloc(8));
  const allocate = wasm._malloc;
  wasm._malloc = (byteLength) => {
    const address = byteLength < HEAP_BYTES ? allocate(byteLength) : 0;
    if (address === 0 && byteLength > 0)
      throw outOfMemory(
        `the wasm backend has 4 GiB, and found no ${Math.ceil(byteLength / 2 ** 20)} MiB more`,
        undefined,
      );
    return address;
  };
}
