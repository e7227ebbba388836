import { MAX_SHOWN_NAME } from '../../limits.js';
import type { FoundFile, OpenFile } from '../storage.js';
import { DESCRIPTOR_BYTES, hasDescriptor, isDescriptorOf } from './zip-checks.js';
import { badZip } from './zip-errors.js';
import type { ZipRecord } from './zip-record.js';

/** Place of a member's packed bytes, behind its header. */
export interface MemberSpan {
  readonly name: string;
  readonly record: ZipRecord;
  readonly byteOffset: number;
}

/**
 * Members must follow one another from the first byte to the directory: what overlaps is a bomb, and in a gap another
 * archive may hide, which readers that go from header to header would see.
 * @throws RetrofitError `bad-zip`
 */
export async function ensureNoGaps(
  archive: FoundFile,
  opened: OpenFile,
  members: readonly MemberSpan[],
  directoryOffset: number,
): Promise<void> {
  const headerOffset = ({ record }: MemberSpan) => record.headerOffset;
  const inOrder = members.toSorted((a, b) => headerOffset(a) - headerOffset(b));
  const first = inOrder[0] === undefined ? directoryOffset : headerOffset(inOrder[0]);
  if (first !== 0) throw badZip(archive, inOrder[0]?.name, `${first} bytes before the first member belong to none`);
  for (const [index, member] of inOrder.entries()) {
    const next = inOrder[index + 1];
    const end = member.byteOffset + member.record.packedLength;
    const left = (next === undefined ? directoryOffset : headerOffset(next)) - end;
    if (left < 0) throw badZip(archive, member.name, `the member overlaps ${nameOfNext(next)}`);
    if (!hasDescriptor(member.record)) {
      if (left > 0)
        throw badZip(archive, member.name, `${left} bytes between the member and ${nameOfNext(next)} belong to none`);
      continue;
    }
    const isGood = DESCRIPTOR_BYTES.includes(left) && isDescriptorOf(member.record, await opened.read(end, left));
    if (!isGood)
      throw badZip(archive, member.name, 'what follows the data contradicts the directory on size or checksum');
  }
}

const nameOfNext = (next: MemberSpan | undefined): string =>
  next === undefined ? 'the directory' : `the member ${JSON.stringify(next.name.slice(0, MAX_SHOWN_NAME))}`;
