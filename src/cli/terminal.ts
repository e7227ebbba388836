import { Chalk, type ChalkInstance } from 'chalk';
import { reportLine } from '../report/json-report.js';
import { isEnding, noteReported } from './signals.js';

const colorsOf = (stream: NodeJS.WriteStream): ChalkInstance =>
  new Chalk(stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb' ? {} : { level: 0 });

/** Prints data; none after an interruption. */
export const print = (...lines: readonly string[]): void => {
  if (lines.length > 0 && !isEnding()) process.stdout.write(`${lines.join('\n')}\n`);
};

/** Prints the JSON object of a command, of which there is one. */
export function printReport(report: Parameters<typeof reportLine>[0]): void {
  if (isEnding()) return;
  print(reportLine(report));
  noteReported();
}

/** Prints messages; none after an interruption. */
export const tell = (...lines: readonly string[]): void => {
  if (lines.length > 0 && !isEnding()) process.stderr.write(`${lines.join('\n')}\n`);
};

export const dataColors = colorsOf(process.stdout);
export const messageColors = colorsOf(process.stderr);
