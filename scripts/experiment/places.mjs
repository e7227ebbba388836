import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(import.meta.url), '..', '..', '..');
/** What was computed is kept here, run by run: an experiment that was interrupted goes on where it was. */
export const CACHE = join(ROOT, '.cache', 'experiment');
export const DOCS = join(ROOT, 'docs');
