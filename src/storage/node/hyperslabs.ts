import { CHUNK_BYTES } from '../../limits.js';

/** A box of a dataset whose values lie one behind the other in row-major order. */
export interface Hyperslab {
  readonly offset: readonly number[];
  readonly count: readonly number[];
  readonly byteLength: number;
}

/** Cuts a dataset into boxes of about CHUNK_BYTES, from its first value to its last. */
export function* hyperslabs(shape: readonly number[], itemBytes: number): Generator<Hyperslab> {
  if (shape.includes(0)) return;
  // Behind this axis everything fits; along it, as many as do; before it, one at a time.
  let axis = shape.length;
  let inner = itemBytes;
  while (axis > 0 && inner * shape[axis - 1]! <= CHUNK_BYTES) inner *= shape[--axis]!;
  if (axis === 0) {
    yield { offset: shape.map(() => 0), count: [...shape], byteLength: inner };
    return;
  }
  const cut = axis - 1;
  const step = Math.max(1, Math.floor(CHUNK_BYTES / inner));
  const offset = shape.map(() => 0);
  for (;;) {
    for (let start = 0; start < shape[cut]!; start += step) {
      const rows = Math.min(step, shape[cut]! - start);
      const count = shape.map((size, index) => (index < cut ? 1 : index === cut ? rows : size));
      yield { offset: offset.with(cut, start), count, byteLength: rows * inner };
    }
    let next = cut - 1;
    while (next >= 0 && ++offset[next]! === shape[next]!) offset[next--] = 0;
    if (next < 0) return;
  }
}
