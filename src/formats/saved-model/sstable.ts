import { inputError } from '../../errors.js';
import { crc32c, masked } from './crc32c.js';
import { readVarint } from './wire.js';

// The `.index` of a checkpoint is a table of LevelDB: blocks of sorted entries, then a block that says where they are.
// Source: tensorflow/core/lib/io/format.cc and block.cc.

const FOOTER_BYTES = 48;
/** The last bytes: 0xdb4775248b80fb57, little-endian. */
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/** The kind of the block, and its checksum. */
const TRAILER_BYTES = 5;

const DAMAGED = { hint: 'save or download the model again, all of its files' };

/** @throws RetrofitError `bad-bundle` */
const damaged = (message: string, field?: string) =>
  inputError('bad-bundle', `the index of the checkpoint is damaged: ${message}`, { where: { field }, ...DAMAGED });

/** Refuses a tensor that is stored in parts, as models were that several machines trained together. */
export const inSlices = (key: string) =>
  inputError('bad-bundle', `the tensor "${key}" is stored in slices, which is not read`, {
    where: { field: key },
    hint: 'load the checkpoint in TensorFlow, and save it again without slices (without max_shard_size)',
  });

/** Tells whether a file ends as the index of a checkpoint does. */
export const isTableEnd = (end: Uint8Array): boolean =>
  end.length >= MAGIC.length && MAGIC.every((byte, index) => end[end.length - MAGIC.length + index] === byte);

/**
 * All entries of a table, by their keys.
 * @throws RetrofitError `bad-bundle`
 */
export function readTable(file: Uint8Array): ReadonlyMap<string, Uint8Array> {
  if (file.length < FOOTER_BYTES || !isTableEnd(file)) throw damaged('it does not end as one does');
  const footer = file.subarray(file.length - FOOTER_BYTES);
  const metaindex = readHandle(footer, 0);
  const index = metaindex && readHandle(footer, metaindex.end);
  if (index === undefined) throw damaged('it does not say where its blocks are');
  const entries = new Map<string, Uint8Array>();
  for (const [, value] of readBlock(file, index)) {
    const handle = readHandle(value, 0);
    if (handle === undefined) throw damaged('it does not say where its blocks are');
    for (const [key, entry] of readBlock(file, handle)) {
      // Slices of a tensor have keys of their own: a zero, its name, a zero, and which of it they are.
      if (key.startsWith('\0')) throw inSlices(key.split('\0')[1]!);
      if (entries.has(key)) throw damaged('a key is there twice', key);
      entries.set(key, entry);
    }
  }
  return entries;
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

function readHandle(bytes: Uint8Array, start: number): (Handle & { readonly end: number }) | undefined {
  const offset = readVarint(bytes, start);
  const size = offset && readVarint(bytes, offset.end);
  return size && { offset: offset.value, size: size.value, end: size.end };
}

/** Yields the entries of a block; each key omits the prefix it shares with the one before. */
function* readBlock(file: Uint8Array, { offset, size }: Handle): Generator<readonly [key: string, value: Uint8Array]> {
  if (offset + size + TRAILER_BYTES > file.length - FOOTER_BYTES) throw damaged('a block lies behind its end');
  const trailer = new DataView(file.buffer, file.byteOffset + offset + size, TRAILER_BYTES);
  const kind = trailer.getUint8(0);
  if (masked(crc32c(file.subarray(offset, offset + size + 1))) !== trailer.getUint32(1, true))
    throw damaged('a block does not match its checksum');
  if (kind !== 0)
    throw inputError('bad-bundle', `the index of the checkpoint is compressed (a block of the kind ${kind})`, {
      hint: 'TensorFlow does not write it so: load the checkpoint in TensorFlow and save it again',
    });
  const block = file.subarray(offset, offset + size);
  const end = entriesEnd(block);
  let last: Uint8Array | undefined;
  for (let at = 0; at < end; ) {
    const shared = readVarint(block, at);
    const own = shared && readVarint(block, shared.end);
    const length = own && readVarint(block, own.end);
    if (shared === undefined || own === undefined || length === undefined) throw damaged('an entry has no end');
    const valueStart = length.end + own.value;
    at = valueStart + length.value;
    if (at > end || shared.value > (last?.length ?? 0)) throw damaged('an entry has no end');
    const key = new Uint8Array(shared.value + own.value);
    if (last !== undefined) key.set(last.subarray(0, shared.value));
    key.set(block.subarray(length.end, valueStart), shared.value);
    if (last !== undefined && !isBefore(last, key)) throw damaged('its keys are not in order');
    last = key;
    yield [new TextDecoder().decode(key), block.subarray(valueStart, at)];
  }
}

/** Returns the end of the entries: behind them stand restart offsets, and their number. */
function entriesEnd(block: Uint8Array): number {
  if (block.length < 4) throw damaged('a block is too short');
  const restarts = new DataView(block.buffer, block.byteOffset).getUint32(block.length - 4, true);
  const end = block.length - 4 - restarts * 4;
  if (end < 0) throw damaged('a block is too short');
  return end;
}

function isBefore(one: Uint8Array, other: Uint8Array): boolean {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) if (one[index] !== other[index]) return one[index]! < other[index]!;
  return one.length < other.length;
}
