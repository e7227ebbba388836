import { joinBytes } from '../new-bytes.js';
import { fromHex } from './fields.js';
import { numberBytes, UNDEFINED_BYTES } from './number-bytes.js';

/** Offsets in the first block of the root group's entry, and of the end of the file. */
export const ROOT_TARGET = 64;
const END_OF_FILE = 40;

/** The first block of a file, of the earliest version and with groups of the usual width, before it leads anywhere. */
export const newSuperblock = (): Uint8Array =>
  joinBytes([
    fromHex('894844460d0a1a0a00000000000808000400100000000000'),
    numberBytes(0),
    UNDEFINED_BYTES,
    numberBytes(0),
    UNDEFINED_BYTES,
    new Uint8Array(40),
  ]);

export const endOfFile = (end: number) => ({ address: END_OF_FILE, bytes: numberBytes(end) });
