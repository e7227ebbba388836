import { rollbackAll } from '../storage/node/pending-output/unfinished.js';
import { SIGNAL_EXIT_CODES } from './exit-codes.js';

let parting: (() => string) | undefined;
let ending = false;
const beforeEnd = new Set<() => void>();

/** Whether the process is about to end: nothing that has to be taken back may begin. */
export const isEnding = (): boolean => ending;

/** Has something done before the process ends, by a signal or otherwise; the returned function takes that back. */
export function doBeforeEnd(action: () => void): () => void {
  beforeEnd.add(action);
  return () => beforeEnd.delete(action);
}

/** Has something said when a signal ends the process; the returned function takes that back. */
export function sayWhenInterrupted(words: () => string): () => void {
  parting = words;
  return () => {
    parting = undefined;
  };
}

/** SIGINT and SIGTERM take back what is not done and end the process with the codes that shells expect; twice: at once. */
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
