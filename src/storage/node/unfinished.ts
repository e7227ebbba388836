// Work that leaves files on the disk until it is done. An interrupt undoes it before the process ends, and not in the
// middle of a step: files that the operating system still writes would come back after they were removed.

const rollbacks = new Set<() => Promise<void>>();
let interrupted = false;
let tellInterruption: () => void;

/** Waits for the interruption: for steps that wait for others, which then never end. */
export const interruption: Promise<void> = new Promise((resolve) => {
  tellInterruption = resolve;
});

export const isInterrupted = (): boolean => interrupted;

/** Registers how a piece of work is taken back; the returned function says that it is done. */
export function beginUnfinished(rollback: () => Promise<void>): () => void {
  rollbacks.add(rollback);
  return () => rollbacks.delete(rollback);
}

/** Where a process leaves something if it is killed. */
export interface Remains {
  readonly kind: 'folder' | 'files';
  /** The place of the output. */
  readonly path: string;
  /** Folders that were made for it, outermost first. */
  readonly made: readonly string[];
}

let onRemains: (remains: Remains) => void = () => {};

/** Calls a function for every place where remains may lie from then on. */
export function watchRemains(onPlace: (remains: Remains) => void): void {
  onRemains = onPlace;
}

export const announceRemains = (remains: Remains): void => onRemains(remains);

/** Takes back everything that is not done. No step begins any more. */
export async function rollbackAll(): Promise<void> {
  interrupted = true;
  tellInterruption();
  await Promise.allSettled([...rollbacks].map((rollback) => rollback()));
}
