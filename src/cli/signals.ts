import { rollbackAll } from '../storage/node/pending-output/unfinished.js';
import { SIGNAL_EXIT_CODES } from './exit-codes.js';

let parting: (() => string) | undefined;
const beforeEnd = new Set<() => void>();

/** Has something done first when a signal ends the process; the returned function takes that back. */
export function doWhenInterrupted(action: () => void): () => void {
  beforeEnd.add(action);
  return () => beforeEnd.delete(action);
}

/** Has a line said when a signal ends the process; the returned function takes that back. */
export function sayWhenInterrupted(line: () => string): () => void {
  parting = line;
  return () => {
    parting = undefined;
  };
}

/** SIGINT and SIGTERM take back what is not done and end the process with the codes that shells expect; twice: at once. */
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
