import { Chalk, type ChalkInstance } from 'chalk';

const colorsOf = (stream: NodeJS.WriteStream): ChalkInstance =>
  new Chalk(stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb' ? {} : { level: 0 });

/** Prints data. */
export const print = (...lines: readonly string[]): void => {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
};

/** Prints messages. */
export const tell = (...lines: readonly string[]): void => {
  if (lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`);
};

export const dataColors = colorsOf(process.stdout);
export const messageColors = colorsOf(process.stderr);
