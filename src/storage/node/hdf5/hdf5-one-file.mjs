// @ts-check
// A file system for Emscripten in which every mounted folder holds one file, backed by an open descriptor or a stretch
// of it, to be read. Whatever else a file in it names, there is nothing to reach.
import { readSync } from 'node:fs';

const FOLDER_MODE = 0o040777;
const FILE_MODE = 0o100777;
const NO_SUCH_FILE = 44;
const INPUT_OUTPUT_ERROR = 29;
const NAME = 'file';
const EPOCH = new Date(0);

/** @param {any} FS Emscripten's file system @param {() => void} onTouch called before and after the file is touched */
export function makeOneFileSystem(FS, onTouch) {
  /** @type {{ code: string, syscall: string, message: string } | undefined} */
  let systemError;

  /**
   * No other error may pass through WebAssembly: HDF5 would be left in the middle of its work.
   * @template T
   * @param {() => T} work
   */
  function guarded(work) {
    onTouch();
    try {
      return work();
    } catch (error) {
      const { code = 'EIO', syscall = 'read', message = '' } = /** @type {any} */ (error);
      systemError ??= { code, syscall, message };
      throw new FS.ErrnoError(INPUT_OUTPUT_ERROR);
    } finally {
      onTouch();
    }
  }

  /** @param {number} file @param {number} descriptor @param {number} byteOffset @param {number} byteLength */
  function mount(file, descriptor, byteOffset, byteLength) {
    /** @type {any} */
    let node;
    const getattr = (/** @type {any} */ of) => ({
      dev: 1,
      ino: of.id,
      mode: of.mode,
      nlink: 1,
      uid: 0,
      gid: 0,
      rdev: 0,
      size: of === node ? byteLength : 0,
      atime: EPOCH,
      mtime: EPOCH,
      ctime: EPOCH,
      blksize: 4096,
      blocks: 0,
    });
    const folderOperations = {
      getattr,
      lookup(/** @type {any} */ _folder, /** @type {string} */ name) {
        if (name === NAME) return node;
        throw new FS.ErrnoError(NO_SUCH_FILE);
      },
      readdir: () => ['.', '..', NAME],
    };
    /** @typedef {[stream: any, heap: Int8Array, at: number, length: number, position: number]} Transfer */
    const streamOperations = {
      read: (/** @type {Transfer} */ ...[, heap, at, length, position]) =>
        guarded(() => {
          const most = Math.max(0, Math.min(length, byteLength - position));
          return most === 0 ? 0 : readSync(descriptor, heap, at, most, byteOffset + position);
        }),
      llseek: (/** @type {any} */ stream, /** @type {number} */ offset, /** @type {number} */ whence) =>
        offset + (whence === 1 ? stream.position : whence === 2 ? byteLength : 0),
    };
    const system = {
      mount() {
        const root = FS.createNode(null, '/', FOLDER_MODE, 0);
        root.node_ops = folderOperations;
        root.stream_ops = {};
        node = FS.createNode(root, NAME, FILE_MODE, 0);
        node.node_ops = { getattr };
        node.stream_ops = streamOperations;
        return root;
      },
    };
    FS.mkdir(`/${file}`);
    FS.mount(system, {}, `/${file}`);
    // Unmounting takes away the nodes of this mount.
    node.mount = node.parent.mount;
    return `/${file}/${NAME}`;
  }

  /** @param {number} file */
  function unmount(file) {
    FS.unmount(`/${file}`);
    FS.rmdir(`/${file}`);
  }

  /** What the operating system said since this was last asked. */
  function takeSystemError() {
    const error = systemError;
    systemError = undefined;
    return error;
  }

  return { mount, unmount, takeSystemError };
}
