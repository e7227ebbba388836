import { exitOnSignals, isGuarded } from './signals.js';

/**
 * Runs the command line; what computes in a process of its own, which this one guards, and for which it loads no more than
 * that takes.
 * @param words the arguments, without node and the script
 * @returns the exit code
 */
export async function start(words: readonly string[]): Promise<number> {
  // Before all else is loaded, or a signal would end the process without a word.
  exitOnSignals();
  const { tolerateClosedPipes } = await import('./closed-pipes.js');
  tolerateClosedPipes();
  if (computes(words) && !isGuarded()) return (await import('./guard.js')).runGuarded(words);
  return (await import('./main.js')).runWords(words);
}

/** Tells whether words may be those of a command that computes; `add` does with --verify, which a config may say too. */
const computes = (words: readonly string[]): boolean =>
  words.some((word) => COMPUTING.includes(word)) ||
  (!words.includes('inspect') && words.some((word) => word === '--verify' || word.startsWith('--config')));

const COMPUTING: readonly string[] = ['verify', 'excite', 'gates', 'tune', 'bake'];
