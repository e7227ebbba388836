import * as zlib from 'node:zlib';
import { crc32ByTable } from '../crc32.js';

/**
 * Computes the checksum of zip archives; `before` is that of the preceding bytes. Node has its own since 20.15, 15
 * times as fast; the function that the types promise is absent in 20.0 to 20.14.
 */
export const crc32: (bytes: Uint8Array, before?: number) => number =
  (zlib as { readonly crc32?: typeof zlib.crc32 }).crc32 ?? crc32ByTable;
