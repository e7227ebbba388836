import { rollbackAll } from '../storage/node/pending-output/unfinished.js';
import { SIGNAL_EXIT_CODES } from './exit-codes.js';

let parting: (() => string) | undefined;
let ending = false;
const beforeEnd = new Set<() => void>();

/** Tells whether the process is about to end: nothing that has to be rolled back may begin. */
export const isEnding = (): boolean => ending;

/** Registers an action to run before the process ends, by a signal or otherwise; the returned function removes it. */
export function doBeforeEnd(action: () => void): () => void {
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
  for (const [signal, code] of Object.entries(SIGNAL_EXIT_CODES)) {
    process.on(signal, () => {
      if (ending) process.exit(code);
      prepareToEnd();
      process.stderr.write(`se-retrofit: ${parting?.() ?? 'interrupted; nothing written'}\n`);
      void rollbackAll().finally(() => process.exit(code));
    });
  }
  process.on('exit', prepareToEnd);
}

function prepareToEnd(): void {
  ending = true;
  for (const action of beforeEnd) action();
}
