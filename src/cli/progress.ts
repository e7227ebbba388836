import { type TerminalBar, terminalBar } from './terminal-bar.js';

const PATIENCE_MILLISECONDS = 1000;

/** Unit that a progress bar counts. */
interface Unit {
  readonly name: string;
  readonly size: number;
}

const MEGABYTES: Unit = { name: 'MB', size: 1e6 };
export const IMAGES: Unit = { name: 'images', size: 1 };
export const EXAMPLES: Unit = { name: 'examples', size: 1 };

/** A progress bar that appears on a terminal when a second has passed, and nowhere else. */
export function progressBar(
  title: string,
  isQuiet: boolean,
  unit = MEGABYTES,
): { readonly update: (done: number, total: number) => void; readonly stop: () => void } {
  const started = performance.now();
  let bar: TerminalBar | undefined;
  let isLoading = false;
  let isStopped = false;
  return {
    update: (done, total) => {
      if (isQuiet || process.stderr.isTTY !== true) return;
      if (bar !== undefined) return bar.update(total / unit.size, done / unit.size);
      if (isLoading || performance.now() - started < PATIENCE_MILLISECONDS) return;
      isLoading = true;
      void import('cli-progress').then(({ default: progress }) => {
        if (isStopped) return;
        bar = terminalBar(progress.SingleBar, {
          format: `${title} [{bar}] {value} / {total} ${unit.name}, {eta_formatted} left`,
          formatValue: (value, _options, type) =>
            type === 'value' || type === 'total' ? value.toFixed(0) : String(value),
        });
        bar.update(total / unit.size, done / unit.size);
      });
    },
    stop: () => {
      isStopped = true;
      bar?.stop();
    },
  };
}
