import { SMALL_BYTES } from '../../limits.js';
import { verifyChecksum } from './checksum.js';
import { CHECKSUM_BYTES, hasSignature, numberAt, piece, sizedNumberAt, u8At, u16At, u32At } from './fields.js';
import { type Hdf5Bytes, memoize } from './hdf5-bytes.js';
import { damaged, unread } from './hdf5-errors.js';
import { CONTINUATION, LAST_KNOWN } from './message-types.js';

export interface HeaderMessage {
  readonly type: number;
  readonly content: Uint8Array;
  readonly flags: number;
}

export interface ObjectHeader {
  readonly messages: readonly HeaderMessage[];
  /** Whether it is of version 1, and has as many messages as it states. */
  readonly isFirstVersion: boolean;
  /** Number of names that lead to the object, which headers of version 1 state. */
  readonly nameCount: number | undefined;
}

// More than any real header has.
const MOST_HEADER_BYTES = 2 ** 26;

const IS_SHARED = 0x02;
const FAILS_IF_UNKNOWN = 0x80;
const FIRST_PREFIX_BYTES = 16;

/** A stretch of messages: a header has one, and others where it grew. */
interface Block {
  readonly address: number;
  readonly byteLength: number;
}

interface Layout {
  /** How many messages a header of the first version says it has; later ones say nothing. */
  readonly messageCount: number | undefined;
  readonly nameCount: number | undefined;
  /** All of it, what stands before its messages too. */
  readonly first: Block;
  /** Bytes before the first block's messages, and before those of the others; and behind all of them. */
  readonly before: readonly [first: number, others: number];
  readonly after: number;
  /** Bytes before a message's content. */
  readonly prefixBytes: number;
}

/** @throws RetrofitError `bad-hdf5` for an address without a header, or a header without end */
export const readHeader = memoize(
  parseHeader,
  ({ messages }) => messages.reduce((sum, { content }) => sum + content.length, 0) <= SMALL_BYTES,
);

/**
 * The first message of a type.
 * @throws RetrofitError `bad-hdf5` where its content is kept elsewhere, for several objects
 */
export function findMessage(messages: readonly HeaderMessage[], wanted: number): Uint8Array | undefined {
  const found = messages.find(({ type }) => type === wanted);
  if (found !== undefined && isShared(found)) throw unread('messages that several objects share');
  return found?.content;
}

export const isShared = ({ flags }: HeaderMessage): boolean => (flags & IS_SHARED) !== 0;

function parseHeader(file: Hdf5Bytes, address: number): ObjectHeader {
  const layout = layoutOf(file, address);
  const messages: HeaderMessage[] = [];
  const blocks: Block[] = [layout.first];
  const seen = new Set<number>();
  let total = 0;
  for (let index = 0; index < blocks.length; index += 1) {
    const block = blocks[index]!;
    total += block.byteLength;
    if (seen.has(block.address) || total > MOST_HEADER_BYTES) throw damaged('the header of an object has no end');
    seen.add(block.address);
    file.claim(block.address, block.byteLength);
    for (const message of listMessages(file.read(block.address, block.byteLength), index, layout)) {
      if (message.type === CONTINUATION) blocks.push(continuationOf(message.content));
      else messages.push(message);
    }
  }
  const found = messages.length + blocks.length - 1;
  if (layout.messageCount !== undefined && found > layout.messageCount) {
    throw damaged('the header of an object has more messages than it says');
  }
  return { messages, isFirstVersion: layout.messageCount === found, nameCount: layout.nameCount };
}

function layoutOf(file: Hdf5Bytes, address: number): Layout {
  const start = file.read(address, Math.min(FIRST_PREFIX_BYTES, file.byteLength - address));
  if (hasSignature(start, 'OHDR') && start[4] === 2) return latestLayout(file, address, start[5]!);
  if (start[0] !== 1) throw damaged('where the header of an object should be is something else');
  return {
    messageCount: u16At(start, 2),
    nameCount: u32At(start, 4),
    first: { address, byteLength: FIRST_PREFIX_BYTES + u32At(start, 8) },
    before: [FIRST_PREFIX_BYTES, 0],
    after: 0,
    prefixBytes: 8,
  };
}

function latestLayout(file: Hdf5Bytes, address: number, flags: number): Layout {
  const sizeOffset = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const sizeBytes = 2 ** (flags & 3);
  const size = sizedNumberAt(file.read(address + sizeOffset, sizeBytes), 0, sizeBytes);
  const before = sizeOffset + sizeBytes;
  return {
    messageCount: undefined,
    nameCount: undefined,
    first: { address, byteLength: before + size + CHECKSUM_BYTES },
    // "OCHK" before those of the others.
    before: [before, 4],
    after: CHECKSUM_BYTES,
    prefixBytes: flags & 0x04 ? 6 : 4,
  };
}

function* listMessages(block: Uint8Array, index: number, layout: Layout): Generator<HeaderMessage> {
  const isFirst = layout.messageCount !== undefined;
  if (!isFirst) verifyChecksum(block);
  if (!isFirst && index > 0 && !hasSignature(block, 'OCHK')) throw damaged('the header of an object leads elsewhere');
  const end = block.length - layout.after;
  // A rest without room for a message is a gap.
  for (let offset = layout.before[index === 0 ? 0 : 1]; offset + layout.prefixBytes <= end; ) {
    const [type, byteLength, flags] = isFirst
      ? [u16At(block, offset), u16At(block, offset + 2), u8At(block, offset + 4)]
      : [u8At(block, offset), u16At(block, offset + 1), u8At(block, offset + 3)];
    const start = offset + layout.prefixBytes;
    if (start + byteLength > end) throw damaged('a message of an object is longer than the header it is in');
    if (isFirst && byteLength % 8 !== 0) throw damaged('a message of an object is not in its place');
    if (type > LAST_KNOWN && (flags & FAILS_IF_UNKNOWN) !== 0) throw unread(`messages of type ${type}`);
    yield { type, content: piece(block, start, byteLength), flags };
    offset = start + byteLength;
  }
}

function continuationOf(content: Uint8Array): Block {
  return { address: numberAt(content, 0), byteLength: numberAt(content, 8) };
}
