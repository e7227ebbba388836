import { open } from 'node:fs/promises';
import { inputError } from '../../../errors.js';
import type { FoundFile } from '../../storage.js';
import { badZip } from '../../zip/zip-errors.js';
import { crc32 } from '../crc32.js';
import { fileChunks } from '../file-chunks.js';
import { openWindow, type WritePlace } from '../file-window.js';
import { closeRead } from '../open-file.js';
import { isInterrupted } from '../unfinished.js';

/**
 * Copies the first bytes of a file, or of a stretch of one, where the kernel cannot: it copies only whole files into
 * whole files. A checksum is compared if all of it is copied.
 * @throws RetrofitError `input-changed`, `bad-zip`
 */
export async function copyStretch(file: FoundFile, target: WritePlace, byteLength: number): Promise<void> {
  const source = await open(file.path, 'r');
  try {
    const copy = await openWindow(target, true);
    try {
      let end = 0;
      let crc = 0;
      for await (const chunk of fileChunks(source, file.byteOffset ?? 0, byteLength)) {
        if (isInterrupted()) return;
        const writing = copy.write(chunk, end);
        crc = crc32(chunk, crc);
        end = await writing;
      }
      if (end < byteLength) {
        throw inputError('input-changed', 'the file became shorter while it was read', {
          where: { file: file.path },
          hint: 'wait until whatever writes it is done, then run again',
        });
      }
      if (file.checksum !== undefined && byteLength === file.byteLength && crc !== file.checksum.crc32) {
        throw badZip(file, file.checksum.member, 'the member is damaged: its checksum is wrong');
      }
      target.checksum?.begin(crc, byteLength);
    } finally {
      await copy.close();
    }
  } finally {
    await closeRead(source);
  }
}
