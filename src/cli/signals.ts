import { SIGNAL_EXIT_CODES } from './exit-codes.js';

/** SIGINT and SIGTERM end the process with the codes that shells expect; staged outputs go with it. */
export function exitOnSignals(): void {
  for (const [signal, code] of Object.entries(SIGNAL_EXIT_CODES)) process.once(signal, () => process.exit(code));
}
