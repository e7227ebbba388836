import { SMALL_BYTES } from '../../../limits.js';
import { damaged, type Hdf5Bytes, memoize, numberAt } from './hdf5-bytes.js';
import { CONTINUATION } from './message-types.js';

export interface HeaderMessage {
  readonly type: number;
  /** Where the message's content begins in the file. */
  readonly address: number;
  readonly content: Buffer;
  readonly flags: number;
  /** The content is kept elsewhere, for several objects. */
  readonly isShared: boolean;
}

export interface ObjectHeader {
  readonly messages: readonly HeaderMessage[];
  /** It is of the first version, and has as many messages as it says, each where HDF5 puts it. */
  readonly isFirstVersion: boolean;
  /** How many names lead to the object, as headers of the first version say. */
  readonly nameCount: number | undefined;
}

// More than any real header has: each block is read once, and a header of blocks that name each other ends.
const MOST_BLOCKS = 10_000;
const MOST_BLOCK_BYTES = 2 ** 26;

interface Block {
  readonly address: number;
  readonly byteLength: number;
}

interface Layout {
  /** How many messages a header of the first version says it has; later ones say nothing. */
  readonly messageCount: number | undefined;
  readonly nameCount: number | undefined;
  /** Bytes before a message's content. */
  readonly prefixBytes: number;
  readonly first: Block;
  /** Bytes of a continuation block before and after its messages. */
  readonly frame: readonly [before: number, after: number];
  parse(bytes: Buffer, offset: number): { type: number; byteLength: number; flags: number };
}

/** The messages of an object's header, in the order of the file. */
export const readHeaderMessages = (file: Hdf5Bytes, address: number): readonly HeaderMessage[] =>
  readHeader(file, address).messages;

/** @throws RetrofitError `bad-hdf5` for what is no header, or has no end */
export const readHeader = memoize(
  parseHeader,
  ({ messages }) => messages.reduce((sum, { content }) => sum + content.length, 0) <= SMALL_BYTES,
);

function parseHeader(file: Hdf5Bytes, address: number): ObjectHeader {
  const layout = layoutOf(file, address);
  const messages: HeaderMessage[] = [];
  const blocks: Block[] = [layout.first];
  for (let index = 0; index < blocks.length; index += 1) {
    const block = blocks[index]!;
    if (index > MOST_BLOCKS || block.byteLength > MOST_BLOCK_BYTES) throw damaged('the header of an object has no end');
    for (const message of listMessages(file, block, layout)) {
      if (message.type === CONTINUATION) blocks.push(continuationOf(message.content, layout));
      else messages.push(message);
    }
  }
  const isAligned = messages.every(({ content }) => content.length % 8 === 0);
  const isFirstVersion = layout.messageCount === messages.length + blocks.length - 1 && isAligned;
  return { messages, isFirstVersion, nameCount: layout.nameCount };
}

function layoutOf(file: Hdf5Bytes, address: number): Layout {
  const start = file.read(address, 16);
  if (start.toString('latin1', 0, 4) === 'OHDR' && start[4] === 2) return secondLayout(file, address, start[5]!);
  if (start[0] !== 1) throw damaged('where the header of an object should be is something else');
  return {
    messageCount: start.readUInt16LE(2),
    nameCount: start.readUInt32LE(4),
    prefixBytes: 8,
    first: { address: address + 16, byteLength: start.readUInt32LE(8) },
    frame: [0, 0],
    parse: (bytes, offset) => ({
      type: bytes.readUInt16LE(offset),
      byteLength: bytes.readUInt16LE(offset + 2),
      flags: bytes[offset + 4]!,
    }),
  };
}

function secondLayout(file: Hdf5Bytes, address: number, flags: number): Layout {
  const sizeOffset = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const sizeBytes = 2 ** (flags & 3);
  const size = file.read(address + sizeOffset, sizeBytes);
  const byteLength = sizeBytes === 8 ? numberAt(size, 0) : size.readUIntLE(0, sizeBytes);
  return {
    messageCount: undefined,
    nameCount: undefined,
    prefixBytes: flags & 0x04 ? 6 : 4,
    first: { address: address + sizeOffset + sizeBytes, byteLength },
    // "OCHK" before, a checksum behind.
    frame: [4, 4],
    parse: (bytes, offset) => ({
      type: bytes[offset]!,
      byteLength: bytes.readUInt16LE(offset + 1),
      flags: bytes[offset + 3]!,
    }),
  };
}

function* listMessages(file: Hdf5Bytes, block: Block, { prefixBytes, parse }: Layout): Generator<HeaderMessage> {
  const bytes = file.read(block.address, block.byteLength);
  // What is left at the end and has no room for a message is a gap.
  for (let offset = 0; offset + prefixBytes <= bytes.length; ) {
    const { type, byteLength, flags } = parse(bytes, offset);
    const start = offset + prefixBytes;
    if (start + byteLength > bytes.length) throw damaged('a message of an object is longer than the header it is in');
    yield {
      type,
      address: block.address + start,
      content: bytes.subarray(start, start + byteLength),
      flags,
      isShared: (flags & 0x02) !== 0,
    };
    offset = start + byteLength;
  }
}

function continuationOf(content: Buffer, { frame: [before, after] }: Layout): Block {
  if (content.length < 16) throw damaged('the header of an object leads nowhere');
  const byteLength = numberAt(content, 8) - before - after;
  if (byteLength < 0) throw damaged('the header of an object leads nowhere');
  return { address: numberAt(content, 0) + before, byteLength };
}
