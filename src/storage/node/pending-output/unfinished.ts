// Work that leaves something on the disk until it is done. An interrupt takes it back before the process ends, and not
// in the middle of a step: what the operating system still writes would come back after it was removed.

const rollbacks = new Set<() => Promise<void>>();
let interrupted = false;
let tellInterruption: () => void;

/** For steps that wait for others, which never end then. */
export const interruption: Promise<void> = new Promise((resolve) => {
  tellInterruption = resolve;
});

export const isInterrupted = (): boolean => interrupted;

/** Registers how a piece of work is taken back; the returned function says that it is done. */
export function beginUnfinished(rollback: () => Promise<void>): () => void {
  rollbacks.add(rollback);
  return () => rollbacks.delete(rollback);
}

/** Takes back everything that is not done. No step begins any more. */
export async function rollbackAll(): Promise<void> {
  interrupted = true;
  tellInterruption();
  await Promise.allSettled([...rollbacks].map((rollback) => rollback()));
}
