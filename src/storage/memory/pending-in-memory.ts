import { changeHdf5 } from '../hdf5/open-hdf5.js';
import { renameInHdf5 } from '../hdf5/rename-in-hdf5.js';
import type { Hdf5Editor } from '../hdf5.js';
import type { FoundFile, NewZipMember, PendingOutput } from '../storage.js';
import { fileChanged } from '../storage-errors.js';
import { badZip } from '../zip/zip-errors.js';
import { isLong } from '../zip/zip-headers.js';
import { type Content, checksumOf, gather, sizeOf, sliceOf } from './content.js';
import { inflate } from './inflate.js';
import { contentOf } from './memory-file.js';
import { joinPaths, plainPath } from './memory-paths.js';
import { makePiecedFile, type PiecedFile } from './pieced-file.js';
import { zipMembers } from './zip-files.js';

/** An output that is nowhere to be seen until it is placed, all its files at once. */
export function pendingInMemory(place: (files: ReadonlyMap<string, Content>) => void): PendingOutput {
  const pending = new Map<string, PiecedFile>();
  const add = (name: string, content: Content): PiecedFile => {
    const plain = plainPath(name);
    if (pending.has(plain)) throw new Error(`${name} is pending already`);
    const file = makePiecedFile(content);
    pending.set(plain, file);
    return file;
  };
  const get = (name: string): PiecedFile => {
    const file = pending.get(plainPath(name));
    if (file === undefined) throw new Error(`${name} is not pending`);
    return file;
  };
  const change = async (file: PiecedFile, name: string, edit: (editor: Hdf5Editor) => Promise<void>) =>
    changeHdf5(await file.open(name), name, inflate, edit);

  /** A member of an archive as it is to be stored. */
  const storedMember = async (archive: string, member: NewZipMember) => {
    const { name } = member;
    if ('chunks' in member) {
      const content = await gather(member.chunks);
      if (content.size !== member.byteLength)
        throw new Error(`${name} has ${content.size} bytes, not the ${member.byteLength} that its header says`);
      return { name, content };
    }
    const staged = joinPaths(archive, name);
    await member.build(staged);
    const content = get(staged).toContent();
    pending.delete(staged);
    if (sizeOf(content) > member.byteLimit) throw new Error(`${name} is longer than its limit`);
    return { name, content, isLong: isLong(member.byteLimit) };
  };

  return {
    // There is no folder before it is placed.
    folder: '',
    copy: async (file, name, byteLength = file.byteLength) => {
      add(name, await copied(file, byteLength));
    },
    write: async (name, chunks) => {
      add(name, await gather(chunks));
    },
    patch: async (name, byteOffset, bytes) => get(name).put(bytes, byteOffset),
    buildHdf5: (name, build) => change(add(name, new Uint8Array(0)), name, build),
    editHdf5: (name, edit) => change(get(name), name, edit),
    renameInHdf5: async (name, renamings) => renameInHdf5(await get(name).open(name), name, renamings),
    writeZip: async (name, members) => {
      const stored: Awaited<ReturnType<typeof storedMember>>[] = [];
      for (const member of members) stored.push(await storedMember(name, member));
      add(name, await zipMembers(stored));
    },
    byteLength: async (name) => get(name).byteLength,
    commit: async () => place(new Map([...pending].map(([name, file]) => [name, file.toContent()]))),
    discard: async () => pending.clear(),
  };
}

/**
 * The first bytes of a file, where they lie. A checksum is compared if these are all.
 * @throws RetrofitError `input-changed`, `bad-zip`
 */
async function copied(file: FoundFile, byteLength: number): Promise<Content> {
  const start = file.byteOffset ?? 0;
  const content = contentOf(file);
  if (start + byteLength > sizeOf(content)) throw fileChanged(file);
  const copy = sliceOf(content, start, byteLength);
  if (file.checksum !== undefined && byteLength === file.byteLength) {
    if ((await checksumOf(file, copy)) !== file.checksum.crc32)
      throw badZip(file, file.checksum.member, 'the member is damaged: its checksum is wrong');
  }
  return copy;
}
