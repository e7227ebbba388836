import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { inputError } from '../../../errors.js';
import {
  CHUNK_BYTES,
  MAX_HDF5_CALL_MILLISECONDS,
  MAX_HDF5_IDLE_MILLISECONDS,
  MAX_JSON_BYTES,
} from '../../../limits.js';
import type { Hdf5Answer, Hdf5Calls, Hdf5Request } from './hdf5-calls.js';

/** The thread that runs h5wasm, seen from outside: each call waits for its answer. */
export interface Hdf5Thread {
  /**
   * @throws RetrofitError `bad-hdf5` for what HDF5 cannot do, or does not end doing
   * @throws the operating system's error where reading or writing failed
   */
  call<Name extends keyof Hdf5Calls>(name: Name, ...args: Parameters<Hdf5Calls[Name]>): ReturnType<Hdf5Calls[Name]>;
  /** As `call`, for what has no result: it is done before the next call, which throws what went wrong. */
  post<Name extends keyof Hdf5Calls>(name: Name, ...args: Parameters<Hdf5Calls[Name]>): void;
}

interface RunningThread extends Hdf5Thread {
  /** After a failure nobody knows what HDF5's memory holds: no other file is opened in this thread. */
  isSound(): boolean;
  stop(): void;
}

const MOST_POSTED = 32;
const LOOK_MILLISECONDS = 250;

interface SharedThread {
  readonly thread: RunningThread;
  users: number;
  isUsed: boolean;
}

/** The thread for the next user. */
let current: SharedThread | undefined;

/** Starts the thread, which takes a while, before its first user comes. */
export function prepareHdf5Thread(): void {
  current ??= { thread: startThread(), users: 0, isUsed: false };
}

/**
 * Runs `use` with the thread, which starts with the first call of all and is kept for the next user. What HDF5 leaves
 * unset in a file is whatever its memory held before: a file that is written has a thread of its own, so that the same
 * calls make the same bytes.
 */
export async function withHdf5Thread<T>(isWriting: boolean, use: (thread: Hdf5Thread) => Promise<T>): Promise<T> {
  let mine: SharedThread | undefined;
  const take = (): RunningThread => {
    if (mine === undefined) {
      if (current === undefined || !current.thread.isSound() || (isWriting && current.isUsed)) {
        current = { thread: startThread(), users: 0, isUsed: false };
      }
      mine = current;
      mine.users += 1;
      mine.isUsed = true;
      if (isWriting) current = undefined;
    }
    return mine.thread;
  };
  try {
    return await use({
      call: (name, ...args) => take().call(name, ...args),
      post: (name, ...args) => take().post(name, ...args),
    });
  } finally {
    if (mine !== undefined) leave(mine);
  }
}

function leave(left: SharedThread): void {
  left.users -= 1;
  if (left.users > 0 || (left === current && left.thread.isSound())) return;
  left.thread.stop();
  if (current === left) current = undefined;
}

function startThread(): RunningThread {
  const shared = new SharedArrayBuffer(8);
  /** Numbers that the thread counts up: its answers, and how often it began or ended to touch the file. */
  const counts = new Int32Array(shared);
  const { port1, port2 } = new MessageChannel();
  // Its stderr is kept from the user's: Emscripten prints when it gives up.
  const worker = new Worker(new URL('./hdf5-worker.mjs', import.meta.url), {
    workerData: { counts: shared, port: port2, mostAttributeBytes: MAX_JSON_BYTES },
    transferList: [port2],
    stdout: true,
    stderr: true,
    execArgv: [],
  });
  worker.unref();
  port1.unref();
  worker.on('error', () => {});
  let state: 'starting' | 'sound' | 'failed' | 'dead' = 'starting';
  const stop = () => {
    state = 'dead';
    port1.close();
    void worker.terminate();
  };
  let received = 0;
  const receive = (): unknown => {
    let touched = Atomics.load(counts, 1);
    let waited = 0;
    let idle = 0;
    // Counted and not read from a clock: a process that is stopped for a while has not been working.
    while (Atomics.load(counts, 0) === received) {
      if (Atomics.wait(counts, 0, received, LOOK_MILLISECONDS) !== 'timed-out') continue;
      const now = Atomics.load(counts, 1);
      // An odd count: it waits for the disk.
      idle = now === touched && now % 2 === 0 ? idle + LOOK_MILLISECONDS : 0;
      touched = now;
      waited += LOOK_MILLISECONDS;
      if (waited >= MAX_HDF5_CALL_MILLISECONDS) return undefined;
      if (idle >= MAX_HDF5_IDLE_MILLISECONDS && state !== 'starting') return undefined;
    }
    received += 1;
    return receiveMessageOnPort(port1 as MessagePort)?.message;
  };
  /** What the thread works at, and has not answered. */
  let sent: readonly Hdf5Request[] = [];
  const finish = (): unknown => {
    if (sent.length === 0) return undefined;
    const requests = sent;
    sent = [];
    const answer = receive() as Hdf5Answer | undefined;
    if (answer === undefined) {
      stop();
      throw unanswered(requests.at(-1));
    }
    if ('result' in answer) return answer.result;
    state = 'failed';
    if (answer.system !== undefined) throw Object.assign(new Error(answer.system.message), answer.system);
    throw inputError('bad-hdf5', `the HDF5 file is damaged${answer.reason === '' ? '' : `: ${answer.reason}`}`, {
      where: { field: pathAmong(requests[answer.index]) },
      hint: 'copy or save the file again',
    });
  };
  // Asking takes longer than most answers: what needs none is asked together, and done while more of it is prepared.
  let posted: Hdf5Request[] = [];
  let postedBytes = 0;
  const send = (requests: readonly Hdf5Request[]): void => {
    posted = [];
    postedBytes = 0;
    finish();
    if (state === 'dead') throw unanswered(requests.at(-1));
    if (state === 'starting') {
      if (receive() !== 'ready') {
        stop();
        throw new Error('the thread for HDF5 files does not start');
      }
      state = 'sound';
    }
    port1.postMessage(requests);
    sent = requests;
  };
  return {
    isSound: () => state === 'starting' || state === 'sound',
    stop,
    call: (name, ...args) => {
      send([...posted, { name, args }]);
      return finish() as never;
    },
    post: (name, ...args) => {
      posted.push({ name, args });
      for (const value of args) postedBytes += value instanceof Uint8Array ? value.byteLength : 0;
      if (posted.length >= MOST_POSTED || postedBytes >= CHUNK_BYTES) send(posted);
    },
  };
}

const unanswered = (request: Hdf5Request | undefined) =>
  inputError('bad-hdf5', 'the HDF5 file is damaged: reading it does not come to an end', {
    where: { field: pathAmong(request) },
    hint: 'copy or save the file again',
  });

/** The object that a call was about. */
function pathAmong(request: Hdf5Request | undefined): string | undefined {
  const path = request?.args[1];
  return typeof path === 'string' ? path : undefined;
}
