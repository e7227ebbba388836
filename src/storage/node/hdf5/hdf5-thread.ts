import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { inputError } from '../../../errors.js';
import { MAX_HDF5_CALL_MILLISECONDS, MAX_HDF5_IDLE_MILLISECONDS, MAX_JSON_BYTES } from '../../../limits.js';
import type { Hdf5Answer, Hdf5Calls, Hdf5Request } from './hdf5-calls.js';

/** The thread that runs h5wasm, seen from outside: each call waits for its answer. */
export interface Hdf5Thread {
  /**
   * @throws RetrofitError `bad-hdf5` for what HDF5 cannot do, or does not end doing
   * @throws the operating system's error where reading failed
   */
  call<Name extends keyof Hdf5Calls>(name: Name, ...args: Parameters<Hdf5Calls[Name]>): ReturnType<Hdf5Calls[Name]>;
}

interface RunningThread extends Hdf5Thread {
  /** After a failure nobody knows what HDF5's memory holds: no other file is opened in this thread. */
  isSound(): boolean;
  stop(): void;
}

const LOOK_MILLISECONDS = 250;

/** The thread for the next user, and how many have it. */
let current: { readonly thread: RunningThread; users: number } | undefined;

/** Runs `use` with the thread, which starts with the first call of all and is kept for the next user. */
export async function withHdf5Thread<T>(use: (thread: Hdf5Thread) => Promise<T>): Promise<T> {
  let mine: typeof current;
  const take = (): RunningThread => {
    if (mine === undefined) {
      if (current?.thread.isSound() !== true) current = { thread: startThread(), users: 0 };
      mine = current;
      mine.users += 1;
    }
    return mine.thread;
  };
  try {
    return await use({ call: (name, ...args) => take().call(name, ...args) });
  } finally {
    if (mine !== undefined) leave(mine);
  }
}

function leave(left: NonNullable<typeof current>): void {
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
  const call = (request: Hdf5Request): unknown => {
    if (state === 'dead') throw unanswered(request);
    if (state === 'starting') {
      if (receive() !== 'ready') {
        stop();
        throw new Error('the thread for HDF5 files does not start');
      }
      state = 'sound';
    }
    port1.postMessage(request);
    const answer = receive() as Hdf5Answer | undefined;
    if (answer === undefined) {
      stop();
      throw unanswered(request);
    }
    if ('result' in answer) return answer.result;
    state = 'failed';
    if (answer.system !== undefined) throw Object.assign(new Error(answer.system.message), answer.system);
    throw inputError('bad-hdf5', `the HDF5 file is damaged${answer.reason === '' ? '' : `: ${answer.reason}`}`, {
      where: { field: pathAmong(request) },
      hint: 'copy or save the file again',
    });
  };
  return {
    isSound: () => state === 'starting' || state === 'sound',
    stop,
    call: (name, ...args) => call({ name, args }) as never,
  };
}

const unanswered = (request: Hdf5Request) =>
  inputError('bad-hdf5', 'the HDF5 file is damaged: reading it does not come to an end', {
    where: { field: pathAmong(request) },
    hint: 'copy or save the file again',
  });

/** The object that a call was about. */
function pathAmong(request: Hdf5Request): string | undefined {
  const path = request.args[1];
  return typeof path === 'string' ? path : undefined;
}
