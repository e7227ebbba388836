import { type Remains, rollbackAll, watchRemains } from '../storage/node/unfinished.js';
import { SIGNAL_EXIT_CODES } from './exit-codes.js';

/** Variable that a guard sets for the process that it guards. */
export const GUARDED = 'SE_RETROFIT_GUARDED';

/** Messages of a process to its guard, so that the guard can end it at any moment as it would end itself. */
export type Notice =
  | { readonly parting: string }
  | { readonly remains: Remains }
  /** It has printed its JSON object, of which there is one. */
  | { readonly isReported: true }
  /** It has heard a signal and ends by itself; it leaves it to the guard to say so, or both might. */
  | { readonly isEnding: true };

const NOTHING_WRITTEN = 'interrupted; nothing written';

let parting = NOTHING_WRITTEN;
let ending = false;
let guarded = false;
let reported = false;
let notify: (notice: Notice) => void = () => {};
const beforeEnd = new Set<() => void>();

/** Tells whether the process is about to end: nothing that has to be rolled back may begin, and nothing is shown. */
export const isEnding = (): boolean => ending;

/** Registers an action to run before the process ends, by a signal or otherwise; the returned function removes it. */
export function doBeforeEnd(action: () => void): () => void {
  beforeEnd.add(action);
  return () => beforeEnd.delete(action);
}

/** Sets the line to print when a signal ends the process from here on; by default that nothing is written. */
export function sayWhenInterrupted(line = NOTHING_WRITTEN): void {
  parting = line;
  notify({ parting });
}

/** Tells whether another process hears the signals for this one. */
export const isGuarded = (): boolean => guarded;

/** Notes that the command's JSON object is printed. */
export function noteReported(): void {
  reported = true;
  notify({ isReported: true });
}

/** Prints the line for an interruption, and with `--json` the object, unless the command's own is printed. */
export async function sayInterrupted(line = parting): Promise<void> {
  process.stderr.write(`se-retrofit: ${line}\n`);
  const words = process.argv.slice(2);
  if (reported || !words.includes('--json')) return;
  const { interruptionReport } = await import('./interruption-report.js');
  process.stdout.write(`${interruptionReport(line, words)}\n`);
}

/**
 * Makes SIGINT, SIGTERM and SIGHUP, of a terminal that closes, roll back unfinished work and end the process with the
 * shell's exit codes; twice: at once, unless a guard sees to that, whose signals may come on top of the terminal's.
 */
export function exitOnSignals(): void {
  guarded = followGuard();
  for (const [signal, code] of Object.entries(SIGNAL_EXIT_CODES)) {
    process.on(signal, () => {
      if (ending && guarded) return;
      if (ending) process.exit(code);
      prepareToEnd();
      if (guarded) notify({ isEnding: true });
      void Promise.allSettled([rollbackAll(), guarded || sayInterrupted()]).finally(() => process.exit(code));
    });
  }
  process.on('exit', prepareToEnd);
}

/** @returns whether there is a guard */
function followGuard(): boolean {
  const { [GUARDED]: mark } = process.env;
  delete process.env[GUARDED];
  if (mark === undefined || process.send === undefined) return false;
  notify = (notice) => process.connected && process.send!(notice);
  watchRemains((remains) => notify({ remains }));
  process.on('disconnect', () => process.emit('SIGTERM', 'SIGTERM'));
  // The guard is no reason to stay.
  process.channel!.unref();
  return true;
}

function prepareToEnd(): void {
  ending = true;
  for (const action of beforeEnd) action();
}
