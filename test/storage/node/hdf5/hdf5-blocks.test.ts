import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listBlocks } from '../../../../src/storage/node/hdf5/hdf5-blocks.js';

const product = (numbers: readonly number[]) => numbers.reduce((a, b) => a * b, 1);

/** Positions of a block's values in the dataset, counted from its first value. */
function positionsOf(shape: readonly number[], offset: readonly number[], count: readonly number[]): number[] {
  return offset.reduce<number[]>(
    (positions, start, axis) =>
      positions.flatMap((position) =>
        Array.from({ length: count[axis]! }, (_, index) => position * shape[axis]! + start + index),
      ),
    [0],
  );
}

test('blocks follow each other without a gap, and none is larger than it may be', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 4 }),
      fc.constantFrom(1, 2, 4, 8),
      fc.integer({ min: 8, max: 200 }),
      (shape, itemBytes, most) => {
        const blocks = [...listBlocks(shape, itemBytes, most)];
        const positions = blocks.flatMap(({ block }) =>
          block === null ? [0] : positionsOf(shape, block.offset, block.count),
        );
        expect(positions).toEqual(Array.from({ length: product(shape) }, (_, index) => index));
        for (const { block, byteLength } of blocks) {
          expect(byteLength).toBe(product(block?.count ?? []) * itemBytes);
          expect(byteLength).toBeLessThanOrEqual(most);
        }
      },
    ),
  );
});
