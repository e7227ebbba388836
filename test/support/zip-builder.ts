import { crc32, deflateRawSync } from 'node:zlib';

/** A member as its archive is to show it; whatever is left out is as it should be. */
export interface BuiltMember {
  readonly name: string | Buffer;
  readonly data?: Uint8Array | string;
  readonly method?: number;
  /** What lies in the archive; by default the data, deflated for method 8. */
  readonly packed?: Uint8Array;
  readonly flags?: number;
  readonly localExtra?: Buffer;
  readonly extra?: Buffer;
  readonly comment?: string;
  /** What follows the packed bytes. */
  readonly behind?: Buffer;
  /** Changes to the finished header or record. */
  readonly inHeader?: (header: Buffer) => void;
  readonly inRecord?: (record: Buffer) => void;
}

export interface BuiltArchive {
  readonly before?: Uint8Array;
  readonly comment?: Buffer;
  /** Replaces the end record; it is told where the directory lies. */
  readonly end?: (facts: EndFacts) => Buffer;
}

export interface EndFacts {
  readonly entryCount: number;
  readonly directoryOffset: number;
  readonly directoryLength: number;
}

/** Builds an archive by hand: one that is right, or wrong where the test says. */
export function buildZip(members: readonly BuiltMember[], options: BuiltArchive = {}): Buffer {
  const pieces: Buffer[] = [Buffer.from(options.before ?? [])];
  const records: Buffer[] = [];
  for (const member of members) {
    const headerOffset = pieces.reduce((sum, { length }) => sum + length, 0);
    const packed = packedOf(member);
    pieces.push(headerOf(member, packed), Buffer.from(packed), member.behind ?? Buffer.alloc(0));
    records.push(recordOf(member, packed, headerOffset));
  }
  const directoryOffset = pieces.reduce((sum, { length }) => sum + length, 0);
  const directory = Buffer.concat(records);
  const facts = { entryCount: members.length, directoryOffset, directoryLength: directory.length };
  const comment = options.comment ?? Buffer.alloc(0);
  return Buffer.concat([...pieces, directory, (options.end ?? ((all) => endOf(all, comment)))(facts)]);
}

const dataOf = ({ data = '' }: BuiltMember): Buffer => Buffer.from(data as string);

const packedOf = (member: BuiltMember): Uint8Array =>
  member.packed ?? (member.method === 8 ? deflateRawSync(dataOf(member)) : dataOf(member));

function headerOf(member: BuiltMember, packed: Uint8Array): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50);
  const name = Buffer.from(member.name as string);
  const extra = member.localExtra ?? Buffer.alloc(0);
  writeShared(header, 4, member, packed, name);
  header.writeUInt16LE(extra.length, 28);
  const whole = Buffer.concat([header, name, extra]);
  member.inHeader?.(whole);
  return whole;
}

function recordOf(member: BuiltMember, packed: Uint8Array, headerOffset: number): Buffer {
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50);
  record.writeUInt16LE((3 << 8) | 20, 4);
  const name = Buffer.from(member.name as string);
  const extra = member.extra ?? Buffer.alloc(0);
  const comment = Buffer.from(member.comment ?? '');
  writeShared(record, 6, member, packed, name);
  record.writeUInt16LE(extra.length, 30);
  record.writeUInt16LE(comment.length, 32);
  record.writeUInt32LE(0o600 * 2 ** 16, 38);
  record.writeUInt32LE(headerOffset, 42);
  const whole = Buffer.concat([record, name, extra, comment]);
  member.inRecord?.(whole);
  return whole;
}

function writeShared(header: Buffer, at: number, member: BuiltMember, packed: Uint8Array, name: Buffer): void {
  header.writeUInt16LE(20, at);
  header.writeUInt16LE(member.flags ?? 0, at + 2);
  header.writeUInt16LE(member.method ?? 0, at + 4);
  header.writeUInt16LE(33, at + 8);
  header.writeUInt32LE(crc32(dataOf(member)), at + 10);
  header.writeUInt32LE(packed.length, at + 14);
  header.writeUInt32LE(dataOf(member).length, at + 18);
  header.writeUInt16LE(name.length, at + 22);
}

/** The end record of an archive that is no zip64 archive. */
export function endOf(facts: EndFacts, comment: Buffer = Buffer.alloc(0)): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(facts.entryCount, 8);
  end.writeUInt16LE(facts.entryCount, 10);
  end.writeUInt32LE(facts.directoryLength, 12);
  end.writeUInt32LE(facts.directoryOffset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([end, comment]);
}

/** The three end records of a zip64 archive; `spoil` changes them. */
export function end64Of(facts: EndFacts, spoil?: (record: Buffer, locator: Buffer, end: Buffer) => void): Buffer {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(facts.entryCount), 24);
  record.writeBigUInt64LE(BigInt(facts.entryCount), 32);
  record.writeBigUInt64LE(BigInt(facts.directoryLength), 40);
  record.writeBigUInt64LE(BigInt(facts.directoryOffset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50);
  locator.writeBigUInt64LE(BigInt(facts.directoryOffset + facts.directoryLength), 8);
  locator.writeUInt32LE(1, 16);
  const end = endOf({ entryCount: 0xffff, directoryLength: 0xffffffff, directoryOffset: 0xffffffff });
  spoil?.(record, locator, end);
  return Buffer.concat([record, locator, end]);
}

/** An extra field of 64-bit numbers. */
export function zip64Field(...numbers: readonly (number | bigint)[]): Buffer {
  const field = Buffer.alloc(4 + numbers.length * 8);
  field.writeUInt16LE(1);
  field.writeUInt16LE(numbers.length * 8, 2);
  for (const [index, number] of numbers.entries()) field.writeBigUInt64LE(BigInt(number), 4 + index * 8);
  return field;
}
