import type { ErrorKind } from '../errors.js';

export const EXIT_DONE = 0;
/** A defect of ours. */
export const EXIT_DEFECT = 1;

/** The exit code of each kind of error; documented in the README. */
export const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  usage: 2,
  refused: 3,
  input: 4,
  output: 5,
  defect: EXIT_DEFECT,
};

/** 128 + the number of the signal, as shells have it. */
export const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
