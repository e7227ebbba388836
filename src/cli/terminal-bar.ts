import type { Options, SingleBar } from 'cli-progress';
import { doBeforeEnd, isEnding } from './signals.js';

/** A progress bar that comes with the first update, and goes when it is cleared. */
export interface TerminalBar {
  readonly update: (total: number, value: number, payload?: object) => void;
  /** Takes the bar away; the next update brings it back. */
  readonly clear: () => void;
  /** Takes the bar away for good. */
  readonly stop: () => void;
}

/**
 * A bar hides the cursor and turns line wrap off: both come back before the process ends, however it ends, and no update
 * that comes late takes them away again.
 */
export function terminalBar(Bar: new (options: Options) => SingleBar, options: Options): TerminalBar {
  let bar: SingleBar | undefined;
  let isStopped = false;
  const clear = () => {
    bar?.stop();
    bar = undefined;
  };
  const forget = doBeforeEnd(clear);
  return {
    update: (total, value, payload) => {
      if (bar !== undefined) return bar.update(value, payload);
      if (isStopped || isEnding()) return;
      // Signals are the program's business.
      bar = new Bar({ stream: process.stderr, ...options, clearOnComplete: true, gracefulExit: false });
      bar.start(total, value, payload);
    },
    clear,
    stop: () => {
      isStopped = true;
      clear();
      forget();
    },
  };
}
