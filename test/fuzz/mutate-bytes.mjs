import fc from 'fast-check';

const place = fc.nat(2 ** 30);

/** Numbers that hurt. */
const FLOATS = [Number.NaN, Infinity, -Infinity, 3e38, -3e38, 1e30, 1e-45, -0, 1e-38, 1e4, -3];

/** With them a network may compute what is no number, or too large to be doubled: then nothing can be compared. */
export const isHuge = ({ kind, from }) => kind === 'float' && !(Math.abs(FLOATS[from]) < 1e5);

/** A change of any bytes. */
export const byteEdit = fc.oneof(
  fc.record({ kind: fc.constant('flip'), place, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('range'), place, length: fc.integer({ min: 1, max: 64 }), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('copy'), place, from: place, length: fc.integer({ min: 1, max: 64 }) }),
  fc.record({ kind: fc.constant('cut'), place }),
  fc.record({ kind: fc.constantFrom('lose', 'repeat'), place, length: fc.integer({ min: 1, max: 64 }) }),
);

/** A change of numbers: the size of the file stays. */
export const floatEdit = fc.record({ kind: fc.constant('float'), place, from: fc.nat(FLOATS.length - 1) });

/** A change of an address or a size in an HDF5 file: eight bytes that could be one. */
export const addressEdit = fc.record({
  kind: fc.constant('address'),
  place,
  from: place,
  how: fc.constantFrom('other', 'end', 'beyond', 'undefined', 'zero', 'one-more', 'itself', 'small'),
});

/**
 * Bytes, changed.
 * @param {Uint8Array} bytes
 * @param {readonly any[]} edits
 */
export function mutateBytes(bytes, edits) {
  let changed = Buffer.from(bytes);
  for (const edit of edits) changed = apply(changed, edit);
  return changed;
}

function apply(bytes, edit) {
  if (bytes.length === 0) return bytes;
  const at = edit.place % bytes.length;
  const end = Math.min(bytes.length, at + (edit.length ?? 1));
  switch (edit.kind) {
    case 'flip':
      bytes[at] ^= 1 << edit.bit;
      return bytes;
    case 'range':
      return bytes.fill(edit.value, at, end);
    case 'copy': {
      const from = edit.from % bytes.length;
      bytes.copy(bytes, at, from, Math.min(bytes.length, from + end - at));
      return bytes;
    }
    case 'cut':
      return bytes.subarray(0, at);
    case 'lose':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 'float':
      if (bytes.length >= 4) bytes.writeFloatLE(FLOATS[edit.from], Math.min(at & ~3, bytes.length - 4));
      return bytes;
    default:
      changeAddress(bytes, edit);
      return bytes;
  }
}

function changeAddress(bytes, { place: at, from, how }) {
  const size = BigInt(bytes.length);
  const places = [];
  for (let offset = 0; offset + 8 <= bytes.length; offset += 8) {
    const value = bytes.readBigUInt64LE(offset);
    if ((value > 0n && value <= size) || value === 0xffffffffffffffffn) places.push(offset);
  }
  if (places.length === 0) return;
  const offset = places[at % places.length];
  const old = bytes.readBigUInt64LE(offset);
  const value = {
    other: bytes.readBigUInt64LE(places[from % places.length]),
    end: size,
    beyond: size * 2n + BigInt(from),
    undefined: 0xffffffffffffffffn,
    zero: 0n,
    'one-more': BigInt.asUintN(64, old + 1n),
    itself: BigInt(offset & ~7),
    small: BigInt(from % 4096),
  }[how];
  bytes.writeBigUInt64LE(value, offset);
}
