import { usageError } from '../errors.js';
import { nodeStorage } from '../storage/node/node-storage.js';
import type { PendingOutput } from '../storage/storage.js';

/** Bytes at the beginning of a page within which its kind is recognised. */
const HEAD_BYTES = 2048;

/** Files of a report's folder, by which an old report is recognised before it is replaced. */
export interface ReportKind {
  readonly page: string;
  /** Whether a page is one that we wrote. */
  readonly isPage: (text: string) => boolean;
  /** Names of the other files. */
  readonly isFile: (name: string) => boolean;
}

/**
 * Starts the folder of a report. `force` replaces a folder only if it holds a report and nothing else.
 * @throws RetrofitError `output-exists`, `cannot-write`
 */
export async function stageReport(path: string, force: boolean, kind: ReportKind): Promise<PendingOutput> {
  if (force && (await nodeStorage.kindOf(path)) !== undefined && !(await holdsReport(path, kind))) {
    throw usageError('output-exists', 'what stands where the report would go is no report, or more than one', {
      where: { file: path },
      hint: '--force replaces a folder that holds nothing but a report: give another name with -o',
    });
  }
  return nodeStorage.beginFolder(path, force);
}

async function holdsReport(path: string, { page, isPage, isFile }: ReportKind): Promise<boolean> {
  if ((await nodeStorage.kindOf(path)) !== 'folder') return false;
  const names = await nodeStorage.list(path);
  if (!names.includes(page) || !names.every((name) => name === page || isFile(name))) return false;
  const file = await nodeStorage.findInside(path, page, {});
  const opened = await nodeStorage.open(file);
  try {
    const head = await opened.read(0, Math.min(file.byteLength, HEAD_BYTES));
    return isPage(new TextDecoder().decode(head));
  } finally {
    await opened.close();
  }
}
