/** Makes a function that computes once for an object and a key; neither the object nor the result ever changes. */
export function memoizeByObject<Held extends object, Key, Result>(): (
  held: Held,
  key: Key,
  compute: () => Result,
) => Result {
  const known = new WeakMap<Held, Map<Key, Result>>();
  return (held, key, compute) => {
    const results = known.get(held) ?? new Map<Key, Result>();
    known.set(held, results);
    if (!results.has(key)) results.set(key, compute());
    return results.get(key) as Result;
  };
}
