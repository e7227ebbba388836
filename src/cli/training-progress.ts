import type { Progress } from '../tune/tune-model.js';
import { terminalBar } from './terminal-bar.js';

/** Shows how far a training is and how long it still takes: a bar on a terminal, nothing elsewhere. */
export interface TrainingProgress {
  readonly update: (progress: Progress) => void;
  /** Takes the bar away, for a line to be written; the next update brings it back. */
  readonly clear: () => void;
}

/** @param first the first epoch of this run: those before were another run's, and say nothing of the time */
export async function trainingProgress(epochs: number, first: number, isShown: boolean): Promise<TrainingProgress> {
  if (!isShown || process.stderr.isTTY !== true) return { update: () => {}, clear: () => {} };
  const { default: progress } = await import('cli-progress');
  const started = performance.now();
  const bar = terminalBar(progress.SingleBar, {
    format: `epoch {epoch}/${epochs} [{bar}] {value}/{total}, loss {loss}, {left} left`,
  });
  return {
    update: ({ epoch, step, steps, loss }) => {
      const done = (epoch - first) * steps + step;
      const left = ((performance.now() - started) / done) * ((epochs - first + 1) * steps - done);
      bar.update(steps, step, { epoch, loss: loss.toFixed(4), left: durationWords(left / 1000) });
    },
    clear: bar.clear,
  };
}

/** 95 as 1 min 35 s. */
export function durationWords(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
