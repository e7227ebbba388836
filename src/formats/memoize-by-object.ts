/** Makes a function that computes once for an object and a key; neither the object nor the result ever changes. */
export function memoizeByObject<Owner extends object, Key, Result>(): (
  owner: Owner,
  key: Key,
  compute: () => Result,
) => Result {
  const known = new WeakMap<Owner, Map<Key, Result>>();
  return (owner, key, compute) => {
    const results = known.get(owner) ?? new Map<Key, Result>();
    known.set(owner, results);
    if (!results.has(key)) results.set(key, compute());
    return results.get(key) as Result;
  };
}
