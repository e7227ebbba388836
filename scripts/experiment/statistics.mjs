/**
 * How likely so uneven a split comes about by chance (McNemar's test, exact, both sides), of the cases that only one of two
 * got right.
 */
export function chance(one, other) {
  const changed = one + other;
  const factorials = [0];
  for (let index = 1; index <= changed; index++) factorials.push(factorials.at(-1) + Math.log(index));
  let total = 0;
  for (let count = 0; count <= Math.min(one, other); count++)
    total += Math.exp(factorials[changed] - factorials[count] - factorials[changed - count] - changed * Math.LN2);
  return Math.min(1, 2 * total);
}

export const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
