import { rollbackAll } from '../storage/node/pending-output/unfinished.js';
import { SIGNAL_EXIT_CODES } from './exit-codes.js';

let parting: (() => string) | undefined;
const beforeEnd = new Set<() => void>();

/** Registers an action to run before a signal ends the process; the returned function removes it. */
export function doWhenInterrupted(action: () => void): () => void {
  beforeEnd.add(action);
  return () => beforeEnd.delete(action);
}

/** Registers a line to print when a signal ends the process; the returned function removes it. */
export function sayWhenInterrupted(line: () => string): () => void {
  parting = line;
  return () => {
    parting = undefined;
  };
}

/**
 * Makes SIGINT and SIGTERM roll back unfinished work and end the process with the shell's exit codes; twice: at once.
 */
export function exitOnSignals(): void {
  let isEnding = false;
  for (const [signal, code] of Object.entries(SIGNAL_EXIT_CODES)) {
    process.on(signal, () => {
      if (isEnding) process.exit(code);
      isEnding = true;
      for (const action of beforeEnd) action();
      process.stderr.write(`${parting?.() ?? 'se-retrofit: interrupted; nothing written'}\n`);
      void rollbackAll().finally(() => process.exit(code));
    });
  }
}
