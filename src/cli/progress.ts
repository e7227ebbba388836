const PATIENCE_MILLISECONDS = 1000;

/** A progress bar over bytes that appears on a terminal when a second has passed, and nowhere else. */
export function progressBar(
  title: string,
  isQuiet: boolean,
): { readonly update: (done: number, total: number) => void; readonly stop: () => void } {
  const started = performance.now();
  let bar: { update(value: number): void; stop(): void } | undefined;
  let isStarting = false;
  return {
    update: (done, total) => {
      if (isQuiet || process.stderr.isTTY !== true) return;
      if (bar !== undefined) return bar.update(done / 1e6);
      if (isStarting || performance.now() - started < PATIENCE_MILLISECONDS) return;
      isStarting = true;
      void import('cli-progress').then(({ default: progress }) => {
        const single = new progress.SingleBar({
          format: `${title} [{bar}] {value} / {total} MB`,
          clearOnComplete: true,
          stream: process.stderr,
          formatValue: (value, _options, type) =>
            type === 'value' || type === 'total' ? value.toFixed(0) : String(value),
        });
        single.start(total / 1e6, done / 1e6);
        bar = single;
      });
    },
    stop: () => bar?.stop(),
  };
}
