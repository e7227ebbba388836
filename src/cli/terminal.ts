import { Chalk, type ChalkInstance } from 'chalk';
import { reportLine } from '../report/json-report.js';
import { type Table, textTable } from '../report/table.js';
import { isEnding, noteReported } from './signals.js';

const colorsOf = (stream: NodeJS.WriteStream): ChalkInstance =>
  new Chalk(stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb' ? {} : { level: 0 });

/** Prints data; none after an interruption. */
export const print = (...lines: readonly string[]): void => {
  if (lines.length > 0 && !isEnding()) process.stdout.write(`${lines.join('\n')}\n`);
};

type Report = Parameters<typeof reportLine>[0];

/** Prints the JSON object of a command, of which there is one. */
function printReport(report: Report): void {
  if (isEnding()) return;
  print(reportLine(report));
  noteReported();
}

/** Ends a command: with its JSON object, with what it shows to people, or in silence. */
export function tellResult(
  { json, quiet }: { readonly json?: boolean; readonly quiet?: boolean },
  report: () => Report,
  show: () => void,
): void {
  if (json) printReport(report());
  else if (!quiet) show();
}

/** Prints a table, its head in bold. */
export function printTable(table: Table): void {
  const [head, ...rows] = textTable(table);
  print(dataColors.bold(head!), ...rows);
}

/** Prints messages; none after an interruption. */
export const tell = (...lines: readonly string[]): void => {
  if (lines.length > 0 && !isEnding()) process.stderr.write(`${lines.join('\n')}\n`);
};

export const dataColors = colorsOf(process.stdout);
export const messageColors = colorsOf(process.stderr);
