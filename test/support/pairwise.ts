/** Whole numbers below `limit` from a seed: mulberry32, the same everywhere. */
export function randomIndex(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

type Factors = Readonly<Record<string, readonly unknown[]>>;
type Row = Readonly<Record<string, unknown>>;

/** Rows in which every two values of every two factors meet at least once. Greedy: the best of some random rows. */
export function pairwise(factors: Factors, seed: number): readonly Row[] {
  const names = Object.keys(factors);
  const pairsOf = (row: Row) =>
    names.flatMap((left, at) =>
      names.slice(at + 1).map((right) => JSON.stringify([left, row[left], right, row[right]])),
    );
  const missing = new Set<string>();
  names.forEach((left, at) => {
    for (const right of names.slice(at + 1)) {
      for (const a of factors[left]!) for (const b of factors[right]!) missing.add(JSON.stringify([left, a, right, b]));
    }
  });
  const random = randomIndex(seed);
  const rows: Row[] = [];
  while (missing.size > 0) {
    const candidates = Array.from({ length: 40 }, () =>
      Object.fromEntries(names.map((name) => [name, factors[name]![random(factors[name]!.length)]])),
    );
    const gain = (row: Row) => pairsOf(row).filter((pair) => missing.has(pair)).length;
    const best = candidates.reduce((left, right) => (gain(right) > gain(left) ? right : left));
    if (gain(best) === 0) continue;
    for (const pair of pairsOf(best)) missing.delete(pair);
    rows.push(best);
  }
  return rows;
}
