import type { Remains } from '../unfinished.js';
import { removeFolders } from './new-folders.js';
import { recoverFiles } from './pending-files.js';
import { recoverFolder } from './pending-folder.js';

/** Does for a process that was killed what it would have done itself. */
export async function clearRemains({ kind, path, made }: Remains): Promise<void> {
  try {
    (kind === 'folder' ? recoverFolder : recoverFiles)(path);
    await removeFolders(made);
  } catch {
    // The next run does it.
  }
}
