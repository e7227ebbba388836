import { RetrofitError } from '../../errors.js';
import { toHex } from './fields.js';
import type { Hdf5Bytes } from './hdf5-bytes.js';
import { readSuperblock } from './superblock.js';

/** The first block: version 0 of everything, groups of the usual width, no free-space list, no special driver. */
const USUAL_START =
  /^894844460d0a1a0a00000000000808000400100000000000(00){8}(ff){8}.{16}(ff){8}(00){8}.{16}0100000000000000/;
const START_BYTES = 80;

/** Tells whether a file can be changed by writing behind its end. */
export function isEditable(file: Hdf5Bytes): boolean {
  try {
    const isUsual = USUAL_START.test(toHex(file.read(0, START_BYTES)));
    return isUsual && readSuperblock(file).end === file.byteLength;
  } catch (error) {
    if (error instanceof RetrofitError) return false;
    throw error;
  }
}
