// Work that leaves something on the disk until it is done. An interrupt takes it back before the process ends, and not
// in the middle of a step: what the operating system still writes would come back after it was removed.

const withdrawals = new Set<() => Promise<void>>();
let interrupted = false;

export const isInterrupted = (): boolean => interrupted;

/** Registers how a piece of work is taken back; the returned function says that it is done. */
export function beginUnfinished(withdraw: () => Promise<void>): () => void {
  withdrawals.add(withdraw);
  return () => withdrawals.delete(withdraw);
}

/** Takes back everything that is not done. No step begins any more. */
export async function abandonUnfinished(): Promise<void> {
  interrupted = true;
  await Promise.allSettled([...withdrawals].map((withdraw) => withdraw()));
}
