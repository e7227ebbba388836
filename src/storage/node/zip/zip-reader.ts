import type { Entry, RandomAccessReader } from 'yauzl';
import { RetrofitError } from '../../../errors.js';
import type { FoundFile, OpenFile } from '../../storage.js';
import type { ZipArchive, ZipMember } from '../../zip.js';
import { findBadHeader, findBadRecord, readRecordFacts, STORED } from './zip-checks.js';
import { type PackedMember, unpackMember } from './zip-content.js';
import { findZipDirectory } from './zip-directory.js';
import { badZip, unsafeMember } from './zip-errors.js';
import { ensureNoGaps, type MemberSpan } from './zip-layout.js';
import { findTwoNames, findUnsafeKind, findUnsafeName } from './zip-names.js';

type Yauzl = typeof import('yauzl');

const RECORD_BYTES = 46;
const IS_UTF8 = 0x0800;

interface CheckedEntry extends MemberSpan, PackedMember {
  readonly isFolder: boolean;
}

/**
 * Reads the directory of an archive and compares it with all the archive says elsewhere. yauzl parses; what it takes on
 * trust is checked here, because Keras reads with another library, which may trust the other of two statements.
 * @param open opens the archive; each reading of a member opens it anew, so that nothing has to be closed
 * @throws RetrofitError `bad-zip`, `unsafe-path`
 */
export async function openZip(archive: FoundFile, open: (file: FoundFile) => Promise<OpenFile>): Promise<ZipArchive> {
  const opened = await open(archive);
  let entries: readonly CheckedEntry[];
  try {
    entries = await readEntries(archive, opened);
  } finally {
    await opened.close();
  }
  const packed = new Map<ZipMember, PackedMember>(
    entries.filter(({ isFolder }) => !isFolder).map((entry) => [toMember(archive, entry), entry]),
  );
  const chunks = (member: ZipMember): AsyncGenerator<Uint8Array> => unpackMember(archive, packed.get(member)!, open);
  return {
    members: [...packed.keys()],
    chunks,
    read: async (member, most) => {
      if (member.byteLength > most) {
        throw badZip(archive, member.name, `the member has ${member.byteLength} bytes; at most ${most} are read`);
      }
      const pieces: Uint8Array[] = [];
      for await (const piece of chunks(member)) pieces.push(piece);
      return Buffer.concat(pieces);
    },
  };
}

function toMember(archive: FoundFile, { name, method, crc32, byteLength, byteOffset }: PackedMember): ZipMember {
  const { path, identity } = archive;
  const checksum = { member: name, crc32 };
  const stored = { path, identity, byteLength, byteOffset: (archive.byteOffset ?? 0) + byteOffset, checksum };
  return { name, byteLength, stored: method === STORED ? stored : undefined };
}

async function readEntries(archive: FoundFile, opened: OpenFile): Promise<readonly CheckedEntry[]> {
  const directory = await findZipDirectory(archive, opened);
  const records = Buffer.from((await opened.read(directory.byteOffset, directory.byteLength)).buffer);
  const yauzl = await import('yauzl');
  const zip = await asBadZip(archive, undefined, () =>
    // Names and sizes are checked here, so that an error can say which member it is about.
    yauzl.fromRandomAccessReaderPromise(readerOf(yauzl, archive, opened), archive.byteLength, {
      autoClose: false,
      decodeStrings: false,
      validateEntrySizes: false,
    }),
  );
  const listed = zip.eachEntry();
  const entries: CheckedEntry[] = [];
  let at = 0;
  while (entries.length < directory.entryCount) {
    const record = records.subarray(at);
    const step = await asBadZip(archive, nameIn(record), () => listed.next());
    const entry = step.value as Entry;
    at += RECORD_BYTES + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
    if (at > records.length) throw badZip(archive, nameIn(record), 'the directory of the archive ends within a member');
    const { name, isFolder } = checkRecord(yauzl, archive, entry, record);
    const header = await asBadZip(archive, name, () => zip.readLocalFileHeaderPromise(entry));
    const extraFields = await asBadZip(archive, name, async () => yauzl.parseExtraFields(header.extraField));
    refuseIf(archive, name, findBadHeader(entry, header, extraFields));
    entries.push({
      name,
      isFolder,
      entry,
      method: entry.compressionMethod,
      crc32: entry.crc32,
      byteLength: entry.uncompressedSize,
      packedLength: entry.compressedSize,
      byteOffset: header.fileDataStart,
    });
  }
  if (at !== records.length)
    throw badZip(archive, undefined, 'the directory of the archive holds more than its members');
  ensureUniqueNames(archive, entries);
  await ensureNoGaps(archive, opened, entries, directory.byteOffset);
  return entries;
}

function checkRecord(
  yauzl: Yauzl,
  archive: FoundFile,
  entry: Entry,
  record: Buffer,
): { readonly name: string; readonly isFolder: boolean } {
  const name = nameOf(yauzl, entry);
  const isFolder = name.endsWith('/');
  const unsafe = findUnsafeName(name, entry.fileNameRaw) ?? findUnsafeKind(entry, isFolder);
  if (unsafe !== undefined) throw unsafeMember(archive, name, unsafe);
  const isUtf8 = (entry.generalPurposeBitFlag & IS_UTF8) !== 0;
  if (isUtf8 && !Buffer.from(name).equals(entry.fileNameRaw)) throw badZip(archive, name, 'the name is no UTF-8');
  refuseIf(archive, name, findTwoNames(entry.extraFields, name));
  refuseIf(archive, name, findBadRecord(entry, readRecordFacts(record), isFolder));
  return { name, isFolder };
}

/** The name in UTF-8, or in the code page of DOS, in which yauzl has pictures for what Python takes as control characters. */
const nameOf = (yauzl: Yauzl, { generalPurposeBitFlag, fileNameRaw }: Entry): string =>
  fileNameRaw.every((byte) => byte < 0x80)
    ? fileNameRaw.toString('latin1')
    : yauzl.getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, [], true);

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

/** The name in a record of the directory that may be damaged. */
function nameIn(record: Buffer): string | undefined {
  if (record.length < RECORD_BYTES) return undefined;
  return record.toString('utf8', RECORD_BYTES, RECORD_BYTES + record.readUInt16LE(28));
}

function readerOf(yauzl: Yauzl, archive: FoundFile, opened: OpenFile): RandomAccessReader {
  class ArchiveReader extends yauzl.RandomAccessReader {
    override read(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
      callback: (error: Error | null) => void,
    ): void {
      if (position + length > archive.byteLength) {
        callback(new Error('it points behind the end of the file'));
        return;
      }
      opened.read(position, length).then((bytes) => {
        buffer.set(bytes, offset);
        callback(null);
      }, callback);
    }
  }
  return new ArchiveReader();
}

async function asBadZip<T>(archive: FoundFile, member: string | undefined, parse: () => Promise<T>): Promise<T> {
  try {
    return await parse();
  } catch (error) {
    if (error instanceof RetrofitError || !(error instanceof Error)) throw error;
    throw badZip(archive, member, `the archive is damaged: ${error.message}`);
  }
}
