/**
 * Runs some work with `Math.random` drawing from other numbers: TensorFlow.js takes the masks of dropout and all noise
 * from it, and has no seed that would serve for them all.
 * @param work synchronous: nothing else runs meanwhile
 */
export function withRandomNumbers<T>(random: () => number, work: () => T): T {
  const own = Math.random;
  Math.random = random;
  try {
    return work();
  } finally {
    Math.random = own;
  }
}
