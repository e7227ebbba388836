import { crc32 } from 'node:zlib';

// Archives as they are made here: stored members, no zip64, so that records lie where their sizes say.

/** The members of an archive of ours, by name. */
export function membersOf(archive) {
  const members = [];
  for (const { at } of recordsOf(archive).filter(({ kind }) => kind === 'central')) {
    const name = archive.toString('latin1', at + 46, at + 46 + archive.readUInt16LE(at + 28));
    const local = archive.readUInt32LE(at + 42);
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    members.push([name, archive.subarray(start, start + archive.readUInt32LE(at + 24))]);
  }
  return members;
}

/** Where the records of an archive of ours begin. */
export function recordsOf(archive) {
  const end = archive.length - 22;
  const records = [{ kind: 'end', at: end }];
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < archive.readUInt16LE(end + 10); index++) {
    records.push({ kind: 'central', at }, { kind: 'local', at: archive.readUInt32LE(at + 42) });
    at += 46 + archive.readUInt16LE(at + 28) + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return records;
}

/** An archive that is right, of stored members. */
export function makeZip(members) {
  const pieces = [];
  const records = [];
  let offset = 0;
  for (const [name, data] of members) {
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20);
    shared.writeUInt16LE(33, 8);
    shared.writeUInt32LE(crc32(data), 10);
    shared.writeUInt32LE(data.length, 14);
    shared.writeUInt32LE(data.length, 18);
    shared.writeUInt16LE(name.length, 22);
    const text = Buffer.from(name, 'latin1');
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(0o600 * 2 ** 16, 6);
    tail.writeUInt32LE(offset, 10);
    records.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), shared, tail, text);
    pieces.push(Buffer.from('PK\x03\x04', 'latin1'), shared, text, data);
    offset += 30 + text.length + data.length;
  }
  const directory = Buffer.concat(records);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...pieces, directory, end]);
}
