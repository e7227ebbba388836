import type { Warning } from '../model/model.js';
import { printablePath } from '../report/printable.js';
import { warningLine } from '../report/summary.js';
import { messageColors, tell } from './terminal.js';

/**
 * Prints warnings as messages.
 * @param path of their model, where there are several
 */
export const tellWarnings = (warnings: readonly Warning[], path?: string): void => {
  const start = path === undefined ? 'warning' : `warning: ${printablePath(path)}`;
  tell(...warnings.map((warning) => messageColors.yellow(`${start}: ${warningLine(warning)}`)));
};

/** Leaves out the warnings that only concern writing the model. */
export const warningsOfReading = (warnings: readonly Warning[]): readonly Warning[] =>
  warnings.filter(({ code }) => code !== 'optimizer-dropped');
