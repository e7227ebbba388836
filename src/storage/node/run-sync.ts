import { setImmediate } from 'node:timers/promises';
import { SMALL_BYTES } from '../../limits.js';

/** Number of small pieces of work before signals and timers get their turn. */
const PIECES_A_TURN = 128;
let pieces = 0;

/** Reads or writes a few bytes synchronously, which takes less time than to wait for another thread. */
export async function runSync<T>(work: () => T): Promise<T> {
  pieces += 1;
  if (pieces % PIECES_A_TURN === 0) await setImmediate();
  return work();
}

export const isSmall = (byteLength: number): boolean => byteLength <= SMALL_BYTES;
