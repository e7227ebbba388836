import { inputError } from '../../errors.js';
import { startsWith } from '../compare-bytes.js';
import { verifyChecksum } from './checksum.js';
import { fromHex, numberAt, piece, UNDEFINED_ADDRESS, u16At } from './fields.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { badHdf5, damaged, unread } from './hdf5-errors.js';

/** The first block of a file. */
export interface Superblock {
  readonly version: number;
  /** Where the file should end. */
  readonly end: number;
  /** Where the header of the root group lies. */
  readonly rootAddress: number;
  /** Address of the root group's entry; undefined where the superblock gives only the group's address. */
  readonly rootEntry: number | undefined;
}

const SIGNATURE = fromHex('894844460d0a1a0a');
const SUPERBLOCK_BYTES = 96;
const LATEST_BYTES = 48;
/** Half of the names in a node of a group's table, and of the children in a node of the tree over it. */
const USUAL_WIDTHS = [4, 16] as const;
const IS_BEING_WRITTEN = 1;

/**
 * Reads the superblock, and compares the size that it gives with the file.
 * @throws RetrofitError `bad-hdf5` for a file that is not HDF5, or is cut off
 */
export function readSuperblock(file: Hdf5Bytes): Superblock {
  const start = file.read(0, Math.min(SUPERBLOCK_BYTES, file.byteLength));
  if (!startsWith(start, SIGNATURE)) {
    throw inputError('bad-hdf5', 'this is not an HDF5 file, or one that begins with a user block', {
      hint: 'give a file that Keras saved; "h5unjam" of the HDF5 tools takes a user block off',
    });
  }
  if (start.length < SUPERBLOCK_BYTES) throw damaged('it ends within its first block');
  const version = start[8]!;
  if (version > 3) throw badHdf5(`HDF5 superblock version ${version} is not known`);
  const superblock = version < 2 ? readEarly(start, version) : readLatest(start, version);
  const { end } = superblock;
  if (end > file.byteLength) {
    throw damaged(`it has ${file.byteLength} bytes of the ${Number.isFinite(end) ? end : 'many'} that it should have`);
  }
  return superblock;
}

function readEarly(start: Uint8Array, version: number): Superblock {
  checkWidths(start[13], start[14]);
  if (start[9] !== 0 || start[10] !== 0 || start[12] !== 0) throw damaged('a part is of an unknown version');
  const [leafNames, treeNodes] = [u16At(start, 16), u16At(start, 18)];
  if (leafNames !== USUAL_WIDTHS[0] || treeNodes !== USUAL_WIDTHS[1]) {
    throw badHdf5(`HDF5 groups of ${leafNames} and ${treeNodes} names a node are not what Keras writes`);
  }
  const addresses = version === 0 ? 24 : 28;
  checkBase(numberAt(start, addresses));
  if (numberAt(start, addresses + 24) !== UNDEFINED_ADDRESS) throw unread('what is spread over several files');
  const rootEntry = addresses + 32;
  return { version, end: numberAt(start, addresses + 16), rootAddress: numberAt(start, rootEntry + 8), rootEntry };
}

function readLatest(start: Uint8Array, version: number): Superblock {
  checkWidths(start[9], start[10]);
  verifyChecksum(piece(start, 0, LATEST_BYTES));
  checkBase(numberAt(start, 12));
  if (version === 3 && (start[11]! & IS_BEING_WRITTEN) !== 0) throw badHdf5('the HDF5 file is still being written');
  return { version, end: numberAt(start, 28), rootAddress: numberAt(start, 36), rootEntry: undefined };
}

function checkWidths(offsetBytes: number | undefined, lengthBytes: number | undefined): void {
  if (offsetBytes !== 8 || lengthBytes !== 8) {
    throw badHdf5(`HDF5 addresses of ${offsetBytes} and lengths of ${lengthBytes} bytes are not what Keras writes`);
  }
}

function checkBase(base: number): void {
  if (base !== 0) throw badHdf5('an HDF5 file within another file is not what Keras writes');
}
