/** Does some work for each of some items, several at once; when one fails, no more are begun, and it is thrown. */
export async function mapWithConcurrency<T>(
  items: Iterable<T>,
  concurrency: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
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
  const results = await Promise.allSettled(Array.from({ length: concurrency }, workOnSome));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
