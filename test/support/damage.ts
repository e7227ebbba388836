/** One byte is another, or one number is one that stands elsewhere: addresses and sizes among them. */
export function damage(whole: Uint8Array, random: () => number): Uint8Array {
  const bytes = new Uint8Array(whole);
  const below = (end: number) => Math.floor(random() * end);
  const place = below(bytes.length);
  if (random() < 0.3) {
    const from = 8 * below(Math.floor(bytes.length / 8));
    bytes.copyWithin(8 * below(Math.floor(bytes.length / 8)), from, from + 8);
  } else bytes[place] = [0, 0xff, bytes[place]! ^ (1 << below(8)), below(256)][below(4)]!;
  return bytes;
}
