/** Bytes of a WebAssembly page. */
const PAGE = 65_536;
/** Bytes that one call folds: they stay in the cache. */
const PIECE = PAGE;
/** Words behind a word at which it stands once more: a multiple of Castagnoli's polynomial is 1 + x^32a + x^32b + x^32c. */
const DISTANCES = [767, 2524, 5275] as const;
/** Bytes that wait for what comes behind them; a message is folded into so many, and what does not fill a vector. */
const FOLDED_BYTES = DISTANCES[2] * 4;
const VECTOR = 16;
/** In memory stand the words folded last, those that are folded now, and from the third page on those that come. */
const INPUT = 2 * PAGE;

interface Exports {
  readonly fold: (at: number, end: number) => void;
  readonly memory: { readonly buffer: ArrayBuffer };
}

/** The part of it that is needed: the types of Node leave its constructors out. */
declare const WebAssembly: {
  readonly Module: new (program: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
};

/** Null until it is asked for. */
let engine: Exports | undefined | null = null;

/**
 * Shortens a message to some 21 kB that leave the same remainder in CRC-32C, without a table: words are added to words behind
 * them until none is left to be added. Idea: K. Russell, "Chorba: A novel CRC32 implementation", 2024.
 * @param before the remainder of what went before; it is in what comes back
 * @returns undefined where there is no WebAssembly, or nothing to be gained
 */
export function foldWords(bytes: Uint8Array, before: number): Uint8Array | undefined {
  const folded = Math.floor((bytes.length - FOLDED_BYTES) / VECTOR) * VECTOR;
  if (folded < PIECE) return undefined;
  if (engine === null) engine = makeEngine();
  if (engine === undefined) return undefined;
  const { fold } = engine;
  const memory = new Uint8Array(engine.memory.buffer);
  memory.fill(0, 0, FOLDED_BYTES);
  for (let done = 0; done < folded; done += PIECE) {
    const length = Math.min(PIECE, folded - done);
    memory.set(bytes.subarray(done, done + length), INPUT);
    if (done === 0) for (let byte = 0; byte < 4; byte++) memory[INPUT + byte]! ^= before >>> (8 * byte);
    fold(0, length);
    memory.copyWithin(0, length, length + FOLDED_BYTES);
  }
  const rest = bytes.slice(folded);
  const last = new Int32Array(memory.buffer, 0, DISTANCES[2]);
  const words = new Int32Array(rest.buffer, 0, DISTANCES[2]);
  for (let index = 0; index < words.length; index++)
    for (const distance of DISTANCES) if (index < distance) words[index]! ^= last[words.length + index - distance]!;
  return rest;
}

/** Returns nothing where WebAssembly, or its vectors, may not or cannot be had. */
function makeEngine(): Exports | undefined {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(program())).exports;
  } catch {
    return undefined;
  }
}

/** Assembles the module: a memory, and a function that folds the vectors from one address to another. */
function program(): Uint8Array<ArrayBuffer> {
  const [AT, END] = [0, 1];
  const get = (local: number) => [0x20, local];
  const load = (offset: number) => [0xfd, 0x00, 0x00, ...leb128(offset)];
  const xor = [0xfd, 0x51];
  // The word itself, and those that are as far in front of it as they are added to behind them.
  const word = [...get(AT), ...load(INPUT)];
  const earlier = DISTANCES.flatMap((distance) => [...get(AT), ...load(FOLDED_BYTES - 4 * distance), ...xor]);
  const store = [0xfd, 0x0b, 0x00, ...leb128(FOLDED_BYTES)];
  const step = [...get(AT), 0x41, VECTOR, 0x6a, 0x22, AT];
  const again = [...get(END), 0x49, 0x0d, 0x00];
  const loop = [0x03, 0x40, ...get(AT), ...word, ...earlier, ...store, ...step, ...again, 0x0b];
  const code = [0x00, ...loop, 0x0b];
  return Uint8Array.from([
    ...[...text('\0asm'), 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 2, 0x7f, 0x7f, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, INPUT / PAGE + 1]),
    ...section(7, [2, 4, ...text('fold'), 0x00, 0, 6, ...text('memory'), 0x02, 0]),
    ...section(10, [1, ...leb128(code.length), ...code]),
  ]);
}

const text = (value: string) => [...new TextEncoder().encode(value)];

const section = (id: number, bytes: readonly number[]) => [id, ...leb128(bytes.length), ...bytes];

/** An unsigned number, seven bits a byte. */
const leb128 = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb128(value >>> 7)]);
