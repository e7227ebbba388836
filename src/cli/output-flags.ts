import type { Command } from 'commander';
import { usageError } from '../errors.js';
import { isUrl, urlOutput } from '../storage/storage-errors.js';

/** Flags that name a place for something new, by their names in the program. */
const WRITTEN: Readonly<Record<string, string>> = {
  output: 'a model',
  outputDir: 'a model',
  checkpoints: 'a checkpoint',
  markdown: 'a report',
  html: 'a page',
  svg: 'a drawing',
  csv: 'a table',
};

/** Reports that may go to a device. */
const TO_DEVICES: readonly string[] = ['markdown', 'html', 'svg'];

/**
 * Refuses places that are none: empty ones, URLs, and the dash that elsewhere stands for standard output.
 * @throws RetrofitError `bad-option`
 */
export function checkOutputFlags(command: Command): void {
  for (const [key, what] of Object.entries(WRITTEN)) {
    const path: unknown = command.opts()[key];
    if (typeof path !== 'string') continue;
    const option = command.options.find((option) => option.attributeName() === key);
    const flag = key === 'output' ? option?.short : option?.long;
    // The variable of a script that is not set, say.
    if (path === '') {
      throw usageError('bad-option', `${flag} names no place: it is empty`, {
        where: { field: key },
        hint: 'give a name, or leave the option out',
      });
    }
    if (isUrl(path)) throw urlOutput(path, key);
    if (path !== '-') continue;
    const device = TO_DEVICES.includes(key)
      ? 'standard output is /dev/stdout'
      : 'the report of a run is printed by --json';
    const written = key === 'output' && command.name() === 'excite' ? 'a report' : what;
    throw usageError('bad-option', `${flag}: ${written} is not written to standard output by a dash`, {
      where: { field: key },
      hint: `give a name; ${device}, and ./- a file or folder of that name`,
    });
  }
}
