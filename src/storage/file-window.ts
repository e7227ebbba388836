/** A file that is open to be changed, or a stretch that reaches to the end of one; addresses count from where it begins. */
export interface FileWindow {
  /** Bytes from where it begins to the end of the file, now. */
  byteLength(): number;
  /** Bytes that are there, as a copy, while everything waits. */
  read(address: number, byteLength: number): Uint8Array;
  /** Writes all of some bytes, few of them while everything waits; where they end is returned. */
  write(bytes: Uint8Array, address: number): Promise<number>;
  /** The same, synchronously. */
  writeSync(bytes: Uint8Array, address: number): number;
}
