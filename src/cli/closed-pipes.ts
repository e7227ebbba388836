import { fileSystemReason, isFull } from '../storage/node/file-system-errors.js';
import { EXIT_CODES } from './exit-codes.js';

/**
 * Goes on where a reader of the output stops (`| head`): the exit code stands, the rest is not shown. Where standard
 * output cannot be written, on a full disk, the work goes on as well, and the exit code says so.
 */
export function tolerateClosedPipes(): void {
  // A closed stderr means that messages are not wanted.
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.once('exit', (code) => {
      if (code === 0) process.exitCode = EXIT_CODES.output;
    });
    const reason = fileSystemReason(error) ?? error.message;
    process.stderr.write(
      `se-retrofit: standard output cannot be written: ${reason} (what was written to files stands; ${isFull(error) ? 'make room, or ' : ''}send the output elsewhere)\n`,
    );
  });
}
