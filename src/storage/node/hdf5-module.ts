import { fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { inputError } from '../../errors.js';

// HDF5 runs as WebAssembly, in the build that is made for browsers: it knows no file of this machine. It is given a file
// system that holds the one file that is open, so that links and external storage have nothing to reach.

type H5wasm = typeof import('h5wasm');

/** A stretch of an open file of this machine: what HDF5 is to take for a whole file. */
export interface FileWindow {
  readonly descriptor: number;
  readonly byteOffset: number;
  /** Fixed for a stretch that is only read; undefined for a file that may grow. */
  readonly byteLength: number | undefined;
}

export interface LoadedHdf5 {
  readonly h5wasm: H5wasm;
  readonly module: Awaited<H5wasm['ready']>;
  /** Mounts a window and gives the path under which HDF5 finds it. */
  readonly mount: (window: FileWindow) => { readonly path: string; readonly unmount: () => void };
  /** Runs HDF5 with a clock that stands still: it writes times into what it makes. */
  readonly call: <T>(work: () => T) => T;
}

let loading: Promise<LoadedHdf5> | undefined;

/** Loads HDF5, once. */
export function loadHdf5(): Promise<LoadedHdf5> {
  loading ??= load();
  return loading;
}

const FILE = 'model.h5';
const NO_ENTRY = 44;
const FOLDER_MODE = 0o40700;
const FILE_MODE = 0o100600;

async function load(): Promise<LoadedHdf5> {
  const { h5wasm, module } = await importQuietly();
  const { FS } = module as unknown as { FS: EmscriptenFileSystem };
  // Nothing but the mounted file is ever opened: not even the devices of the sandbox itself.
  const open = FS.open.bind(FS);
  let attempted: string | undefined;
  FS.open = (path, ...rest) => {
    if (typeof path === 'string' && !path.endsWith(`/${FILE}`)) {
      attempted = path;
      throw new FS.ErrnoError(NO_ENTRY);
    }
    return open(path, ...rest);
  };
  let mounts = 0;
  return { h5wasm, module, mount, call };

  function mount(window: FileWindow) {
    const point = `/se${mounts++}`;
    FS.mkdir(point);
    FS.mount(oneFile(FS, window), {}, point);
    const unmount = () => {
      FS.unmount(point);
      FS.rmdir(point);
    };
    return { path: `${point}/${FILE}`, unmount };
  }

  function call<T>(work: () => T): T {
    const now = Date.now;
    Date.now = () => 0;
    attempted = undefined;
    try {
      const result = work();
      if (attempted !== undefined) throw new Error(attempted);
      return result;
    } catch (error) {
      throw attempted === undefined ? error : reachesOut();
    } finally {
      Date.now = now;
    }
  }
}

/** The library keeps the console it finds when it is loaded, to tell of every error that its callers handle. */
async function importQuietly(): Promise<Pick<LoadedHdf5, 'h5wasm' | 'module'>> {
  const { error } = console;
  console.error = () => {};
  try {
    const h5wasm = await import('h5wasm');
    return { h5wasm, module: await h5wasm.ready };
  } finally {
    console.error = error;
  }
}

const reachesOut = () =>
  inputError('unsafe-path', 'the HDF5 file keeps values in another file', {
    hint: 'that could be any file of this machine: save the model again with Keras',
  });

/** What is used of Emscripten's file system. */
interface EmscriptenFileSystem {
  open(path: unknown, ...rest: readonly unknown[]): unknown;
  mkdir(path: string): void;
  rmdir(path: string): void;
  mount(type: object, options: object, point: string): void;
  unmount(point: string): void;
  createNode(parent: unknown, name: string, mode: number, device: number): FileNode;
  ErrnoError: new (code: number) => Error;
}

interface FileNode {
  id: number;
  mode: number;
  node_ops: object;
  stream_ops: object;
}

/** A file system with one file in it. */
function oneFile(FS: EmscriptenFileSystem, { descriptor, byteOffset, byteLength }: FileWindow): object {
  let file: FileNode;
  const size = () => byteLength ?? fstatSync(descriptor).size - byteOffset;
  const getattr = (node: FileNode) => {
    const length = node === file ? size() : 0;
    const epoch = new Date(0);
    return {
      dev: 1,
      ino: node.id,
      mode: node.mode,
      nlink: 1,
      uid: 0,
      gid: 0,
      rdev: 0,
      size: length,
      atime: epoch,
      mtime: epoch,
      ctime: epoch,
      blksize: 4096,
      blocks: Math.ceil(length / 4096),
    };
  };
  const folderOperations = {
    getattr,
    lookup(_parent: unknown, name: string) {
      if (name === FILE) return file;
      throw new FS.ErrnoError(NO_ENTRY);
    },
    readdir: () => ['.', '..', FILE],
  };
  const fileOperations = {
    getattr,
    setattr(_node: unknown, { size: length }: { size?: number }) {
      if (length !== undefined) ftruncateSync(descriptor, byteOffset + length);
    },
  };
  const streamOperations = {
    read(_stream: unknown, buffer: Uint8Array, offset: number, length: number, position: number) {
      const most = Math.max(0, Math.min(length, size() - position));
      return most === 0 ? 0 : readSync(descriptor, buffer, offset, most, byteOffset + position);
    },
    write(_stream: unknown, buffer: Uint8Array, offset: number, length: number, position: number) {
      let done = 0;
      while (done < length)
        done += writeSync(descriptor, buffer, offset + done, length - done, byteOffset + position + done);
      return done;
    },
    llseek(stream: { position: number }, offset: number, whence: number) {
      if (whence === 1) return stream.position + offset;
      return whence === 2 ? size() + offset : offset;
    },
  };
  return {
    mount() {
      const root = FS.createNode(null, '/', FOLDER_MODE, 0);
      root.node_ops = folderOperations;
      root.stream_ops = {};
      file = FS.createNode(root, FILE, FILE_MODE, 0);
      file.node_ops = fileOperations;
      file.stream_ops = streamOperations;
      return root;
    },
  };
}
