import { doWhenInterrupted } from './signals.js';

const PATIENCE_MILLISECONDS = 1000;

/** Unit that a progress bar counts. */
interface Unit {
  readonly name: string;
  readonly size: number;
}

const MEGABYTES: Unit = { name: 'MB', size: 1e6 };
export const IMAGES: Unit = { name: 'images', size: 1 };

/** A progress bar that appears on a terminal when a second has passed, and nowhere else. */
export function progressBar(
  title: string,
  isQuiet: boolean,
  unit = MEGABYTES,
): { readonly update: (done: number, total: number) => void; readonly stop: () => void } {
  const started = performance.now();
  let bar: { update(value: number): void; stop(): void } | undefined;
  let isStarting = false;
  // The bar hides the cursor and turns line wrap off: stopping it gives both back, and the line.
  const stop = () => {
    bar?.stop();
    forget();
  };
  const forget = doWhenInterrupted(stop);
  return {
    update: (done, total) => {
      if (isQuiet || process.stderr.isTTY !== true) return;
      if (bar !== undefined) return bar.update(done / unit.size);
      if (isStarting || performance.now() - started < PATIENCE_MILLISECONDS) return;
      isStarting = true;
      void import('cli-progress').then(({ default: progress }) => {
        const single = new progress.SingleBar({
          format: `${title} [{bar}] {value} / {total} ${unit.name}, {eta_formatted} left`,
          clearOnComplete: true,
          stream: process.stderr,
          formatValue: (value, _options, type) =>
            type === 'value' || type === 'total' ? value.toFixed(0) : String(value),
        });
        single.start(total / unit.size, done / unit.size);
        bar = single;
      });
    },
    stop,
  };
}
