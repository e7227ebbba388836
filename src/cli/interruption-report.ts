import { errorReport, reportLine } from '../report/json-report.js';
import { commandFirst, commandOf } from './command-words.js';
import { makeProgram } from './program.js';

/** Returns what `--json` prints of an interrupted command. */
export function interruptionReport(message: string, words: readonly string[]): string {
  const program = makeProgram();
  const command = commandOf(program, commandFirst(program, words));
  return reportLine(errorReport(command, { code: 'interrupted', message, where: {}, hint: undefined }));
}
