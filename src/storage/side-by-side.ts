/** Does some work for each of some things, several at once; when one fails, no more are begun, and it is thrown. */
export async function sideBySide<T>(
  things: Iterable<T>,
  atOnce: number,
  work: (thing: T) => Promise<void>,
): Promise<void> {
  const left = things[Symbol.iterator]();
  let hasFailed = false;
  const workOnSome = async () => {
    for (let next = left.next(); !next.done && !hasFailed; next = left.next()) {
      try {
        await work(next.value);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: atOnce }, workOnSome));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
