import fc from 'fast-check';
import { makeZip, membersOf, recordsOf } from './zip-records.mjs';

const place = fc.nat(2 ** 30);

/** The fields of each record: where they lie and how long they are. */
const FIELDS = {
  local: [
    [4, 2],
    [6, 2],
    [8, 2],
    [10, 2],
    [12, 2],
    [14, 4],
    [18, 4],
    [22, 4],
    [26, 2],
    [28, 2],
  ],
  central: [
    [4, 2],
    [6, 2],
    [8, 2],
    [10, 2],
    [12, 2],
    [14, 2],
    [16, 4],
    [20, 4],
    [24, 4],
    [28, 2],
    [30, 2],
    [32, 2],
    [34, 2],
    [36, 2],
    [38, 4],
    [42, 4],
  ],
  end: [
    [4, 2],
    [6, 2],
    [8, 2],
    [10, 2],
    [12, 4],
    [16, 4],
    [20, 2],
  ],
};
const NUMBERS = [0, 1, 2, 8, 9, 12, 14, 20, 45, 99, 0x7fff, 0xffff, 0x7fffffff, 0xfffffffe, 0xffffffff];
const NAMES = [
  'config.json',
  'model.weights.h5',
  'metadata.json',
  '../x',
  '/etc/passwd',
  'a\\b',
  '',
  'assets/x',
  'config.json\0',
  'C:x',
  'model.weights.npz',
];

/** A change of an archive: a field of a record, both records of a member, or which members there are. */
export const zipEdit = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('field'), place, field: place, from: fc.nat(NUMBERS.length) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('both'), place, field: fc.nat(6), from: fc.nat(NUMBERS.length) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('name'), place, from: fc.nat(NAMES.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('lose', 'twice', 'empty'), place }) },
);

/** Where the fields that both records of a member have lie in the local header; in the directory's they lie 2 further. */
const SHARED = [
  [4, 2],
  [6, 2],
  [8, 2],
  [14, 4],
  [18, 4],
  [22, 4],
  [26, 2],
];

/**
 * An archive, changed; members first, then fields.
 * @param {Buffer} archive
 * @param {readonly any[]} edits
 */
export function mutateZip(archive, edits) {
  const members = membersOf(archive);
  for (const edit of edits) changeMembers(members, edit);
  const changed = makeZip(members);
  const records = recordsOf(changed);
  for (const edit of edits) changeFields(changed, records, edit);
  return changed;
}

function changeMembers(members, { kind, place: at, from }) {
  if (members.length === 0) return;
  const index = at % members.length;
  if (kind === 'name') members[index][0] = NAMES[from];
  if (kind === 'lose') members.splice(index, 1);
  if (kind === 'twice') members.push([...members[index]]);
  if (kind === 'empty') members[index][1] = Buffer.alloc(0);
}

function changeFields(archive, records, { kind, place: at, field, from }) {
  if (kind === 'field') {
    const record = records[at % records.length];
    const fields = FIELDS[record.kind];
    write(archive, record.at, fields[field % fields.length], from);
  }
  if (kind === 'both' && records.length > 1) {
    const index = 1 + 2 * (at % ((records.length - 1) / 2));
    const [offset, length] = SHARED[field];
    write(archive, records[index].at + 2, [offset, length], from);
    write(archive, records[index + 1].at, [offset, length], from);
  }
}

function write(archive, at, [offset, length], from) {
  const old = archive.readUIntLE(at + offset, length);
  const value = NUMBERS[from] ?? old + 1;
  archive.writeUIntLE(value % 2 ** (8 * length), at + offset, length);
}
