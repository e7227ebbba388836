import { fork } from 'node:child_process';
import { isatty } from 'node:tty';
import type { Remains } from '../storage/node/unfinished.js';
import { SIGNAL_EXIT_CODES } from './exit-codes.js';
import { GUARDED, type Notice, noteReported, sayInterrupted } from './signals.js';

// TensorFlow.js computes while everything else waits, signals too: for seconds, or for minutes on a slow backend. So the
// commands that compute run in a process of their own, and this one hears the signals.

/** A process that is not stuck has ended by then. */
const PATIENCE_MILLISECONDS = 500;

const STDERR = 2;
/** To the beginning of a line that is cleared; line wrap and the cursor come back: a progress bar takes both away. */
const RESTORE_TERMINAL = '\r\u001b[K\u001b[?7h\u001b[?25h';

type Signal = keyof typeof SIGNAL_EXIT_CODES;

/**
 * Runs a command line in a child process, and ends that when a signal comes, whatever it is doing: it has half a second to
 * do so itself, then it is killed and what it had begun is taken back here. A second signal kills it at once.
 * @returns its exit code
 */
export async function runGuarded(words: readonly string[]): Promise<number> {
  const child = fork(process.argv[1]!, words, { env: { ...process.env, [GUARDED]: '1' } });
  const remains: Remains[] = [];
  let parting: string | undefined;
  let isEnding = false;
  child.on('message', (message) => {
    const notice = message as Notice;
    if ('parting' in notice) parting = notice.parting;
    else if ('remains' in notice) remains.push(notice.remains);
    else if ('isReported' in notice) noteReported();
    else isEnding = true;
  });
  let heard: Signal | undefined;
  for (const signal of Object.keys(SIGNAL_EXIT_CODES) as Signal[]) {
    // In place of what ends a process by itself.
    process.removeAllListeners(signal).on(signal, () => {
      if (heard !== undefined) return child.kill('SIGKILL');
      heard = signal;
      child.kill(signal);
      // Loaded while the child may still end by itself.
      void importClearing();
      setTimeout(() => isEnding || child.kill('SIGKILL'), PATIENCE_MILLISECONDS).unref();
    });
  }
  const [code, end] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    // What it said last may come behind its end.
    child.on('exit', (...how) => (child.connected ? child.once('disconnect', () => resolve(how)) : resolve(how)));
  });
  if (end !== null) await clear(remains);
  if (isEnding || (end !== null && heard !== undefined)) {
    if (isatty(STDERR)) process.stderr.write(RESTORE_TERMINAL);
    await sayInterrupted(parting);
  }
  // A signal that came when all was done changes nothing.
  if (end === null) return code!;
  if (heard !== undefined) return SIGNAL_EXIT_CODES[heard];
  // Somebody else ended it, the system for want of memory, say: whoever waits for this process is told the same.
  for (const signal of Object.keys(SIGNAL_EXIT_CODES)) process.removeAllListeners(signal);
  process.kill(process.pid, end);
  return new Promise(() => setTimeout(() => {}, 1000));
}

async function clear(remains: readonly Remains[]): Promise<void> {
  const [{ clearRemains }, { removeDeadFiles }] = await importClearing();
  for (const each of remains.toReversed()) await clearRemains(each);
  removeDeadFiles();
}

const importClearing = () =>
  Promise.all([import('../storage/node/pending-output/clear-remains.js'), import('../storage/node/temporary-file.js')]);
