import { RetrofitError } from '../../errors.js';
import { joinBytes } from '../new-bytes.js';
import type { FoundFile, OpenFile, ZipArchive, ZipMember } from '../storage.js';
import { type PackedMember, unpackMember, type ZipTools } from './unpack-member.js';
import { findBadHeader, findBadRecord, STORED } from './zip-checks.js';
import { findZipDirectory } from './zip-directory.js';
import { badZip, unsafeMember } from './zip-errors.js';
import { HEADER_BYTES, RECORD_BYTES } from './zip-headers.js';
import { ensureNoGaps, type MemberSpan } from './zip-layout.js';
import { findTwoNames, findUnsafeKind, findUnsafeName, isBadUtf8, lenientUtf8, nameOf } from './zip-names.js';
import { headerLength, readLocalHeader, readRecord, recordName, type ZipRecord } from './zip-record.js';

interface CheckedEntry extends MemberSpan {
  readonly isFolder: boolean;
}

/**
 * Reads the directory of an archive and compares it with all the archive says elsewhere: Keras reads with another
 * library, which may trust the other of two statements.
 * @throws RetrofitError `bad-zip`, `unsafe-path`
 */
export async function openZip(archive: FoundFile, tools: ZipTools): Promise<ZipArchive> {
  const opened = await tools.open(archive);
  let entries: readonly CheckedEntry[];
  try {
    entries = await readEntries(archive, opened);
  } finally {
    await opened.close();
  }
  const packed = new Map<ZipMember, PackedMember>(
    entries
      .filter(({ isFolder }) => !isFolder)
      .map(({ name, byteOffset, record }) => {
        const { method, crc32, byteLength, packedLength } = record;
        const member = { name, method, crc32, byteLength, packedLength, byteOffset };
        return [toMember(archive, member), member];
      }),
  );
  const chunks = (member: ZipMember): AsyncGenerator<Uint8Array> => unpackMember(archive, packed.get(member)!, tools);
  return {
    members: [...packed.keys()],
    chunks,
    read: async (member, most) => {
      if (member.byteLength > most) {
        throw badZip(archive, member.name, `the member has ${member.byteLength} bytes; at most ${most} are read`);
      }
      const pieces: Uint8Array[] = [];
      for await (const piece of chunks(member)) pieces.push(piece);
      return joinBytes(pieces);
    },
  };
}

function toMember(archive: FoundFile, { name, method, crc32, byteLength, byteOffset }: PackedMember): ZipMember {
  const checksum = { member: name, crc32 };
  const stored = { ...archive, byteLength, byteOffset: (archive.byteOffset ?? 0) + byteOffset, checksum };
  return { name, byteLength, stored: method === STORED ? stored : undefined };
}

async function readEntries(archive: FoundFile, opened: OpenFile): Promise<readonly CheckedEntry[]> {
  const directory = await findZipDirectory(archive, opened);
  const records = await opened.read(directory.byteOffset, directory.byteLength);
  const entries: CheckedEntry[] = [];
  let at = 0;
  while (entries.length < directory.entryCount) {
    const bytes = records.subarray(at);
    const shown = bytes.length < RECORD_BYTES ? undefined : lenientUtf8(recordName(bytes));
    const record = await asBadZip(archive, shown, () => readRecord(bytes));
    at += record.recordLength;
    if (at > records.length) throw badZip(archive, shown, 'the directory of the archive ends within a member');
    const { name, isFolder } = checkRecord(archive, record);
    const { header, byteOffset } = await asBadZip(archive, name, () => readHeader(archive, opened, record));
    refuseIf(archive, name, findBadHeader(record, header));
    entries.push({ name, isFolder, record, byteOffset });
  }
  if (at !== records.length)
    throw badZip(archive, undefined, 'the directory of the archive holds more than its members');
  ensureUniqueNames(archive, entries);
  await ensureNoGaps(archive, opened, entries, directory.byteOffset);
  return entries;
}

function checkRecord(archive: FoundFile, record: ZipRecord): { readonly name: string; readonly isFolder: boolean } {
  const name = nameOf(record);
  const isFolder = name.endsWith('/');
  const unsafe = findUnsafeName(name, record.name) ?? findUnsafeKind(record, isFolder);
  if (unsafe !== undefined) throw unsafeMember(archive, name, unsafe);
  if (isBadUtf8(record)) throw badZip(archive, name, 'the name is no UTF-8');
  refuseIf(archive, name, findTwoNames(record.extraFields, name));
  refuseIf(archive, name, findBadRecord(record, isFolder));
  return { name, isFolder };
}

/** The header before a member's data, and where the data begin. */
async function readHeader(archive: FoundFile, opened: OpenFile, { headerOffset, packedLength }: ZipRecord) {
  const read = (byteLength: number): Promise<Uint8Array> => {
    if (headerOffset + byteLength > archive.byteLength) throw new Error('it points behind the end of the file');
    return opened.read(headerOffset, byteLength);
  };
  const byteLength = headerLength(await read(HEADER_BYTES));
  const byteOffset = headerOffset + byteLength;
  if (byteOffset + packedLength > archive.byteLength) throw new Error('a member reaches behind the end of the file');
  return { header: readLocalHeader(await read(byteLength)), byteOffset };
}

function refuseIf(archive: FoundFile, member: string, reason: string | undefined): void {
  if (reason !== undefined) throw badZip(archive, member, reason);
}

function ensureUniqueNames(archive: FoundFile, entries: readonly CheckedEntry[]): void {
  const taken = new Set<string>();
  for (const { name } of entries) {
    const plain = name.replace(/\/$/, '');
    if (taken.has(plain)) throw badZip(archive, name, 'two members have this name: two readers may see two models');
    taken.add(plain);
  }
}

async function asBadZip<T>(archive: FoundFile, member: string | undefined, parse: () => T | Promise<T>): Promise<T> {
  try {
    return await parse();
  } catch (error) {
    if (error instanceof RetrofitError || !(error instanceof Error)) throw error;
    throw badZip(archive, member, `the archive is damaged: ${error.message}`);
  }
}
