import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { inputError } from '../../errors.js';
import { MAX_HDF5_CALL_MILLISECONDS, MAX_JSON_BYTES } from '../../limits.js';
import type { Hdf5Answer, Hdf5Calls, Hdf5Request } from './hdf5-calls.js';

/** The thread that runs h5wasm, seen from outside: each call waits for its answer. */
export interface Hdf5Thread {
  /**
   * @throws RetrofitError `bad-hdf5` for what HDF5 cannot do, or does not end doing
   * @throws the operating system's error where reading or writing failed
   */
  call<Name extends keyof Hdf5Calls>(name: Name, ...args: Parameters<Hdf5Calls[Name]>): ReturnType<Hdf5Calls[Name]>;
}

interface RunningThread extends Hdf5Thread {
  /** After a failure nobody knows what HDF5's memory holds: no other file is opened in this thread. */
  isSound(): boolean;
  stop(): void;
}

let current: { thread: RunningThread; users: number } | undefined;

/** Starts the thread, which takes a while, before its first user comes. */
export function prepareHdf5Thread(): void {
  current ??= { thread: startThread(), users: 0 };
}

/** Runs `use` with the thread, which starts with the first user and is kept for the next. */
export async function withHdf5Thread<T>(use: (thread: Hdf5Thread) => Promise<T>): Promise<T> {
  if (current === undefined || !current.thread.isSound()) current = { thread: startThread(), users: 0 };
  const mine = current;
  mine.users += 1;
  try {
    return await use(mine.thread);
  } finally {
    mine.users -= 1;
    if (mine.users === 0 && !mine.thread.isSound()) {
      mine.thread.stop();
      if (current === mine) current = undefined;
    }
  }
}

function startThread(): RunningThread {
  const shared = new SharedArrayBuffer(4);
  const signal = new Int32Array(shared);
  const { port1, port2 } = new MessageChannel();
  // Its stderr is kept from the user's: Emscripten prints when it gives up.
  const worker = new Worker(new URL('./hdf5-worker.mjs', import.meta.url), {
    workerData: { signal: shared, port: port2, mostAttributeBytes: MAX_JSON_BYTES },
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
  const wait = (): unknown => {
    const deadline = performance.now() + MAX_HDF5_CALL_MILLISECONDS;
    // Being woken says nothing: the call may come from the answer before, which was there already.
    while (Atomics.load(signal, 0) === 0) {
      const left = deadline - performance.now();
      if (left <= 0) return undefined;
      Atomics.wait(signal, 0, 0, left);
    }
    Atomics.store(signal, 0, 0);
    return receiveMessageOnPort(port1 as MessagePort)?.message;
  };
  return {
    isSound: () => state === 'starting' || state === 'sound',
    stop,
    call: (name, ...args) => {
      if (state === 'dead') throw unanswered(args);
      if (state === 'starting') {
        if (wait() !== 'ready') {
          stop();
          throw new Error('the thread for HDF5 files does not start');
        }
        state = 'sound';
      }
      port1.postMessage({ name, args } satisfies Hdf5Request);
      const answer = wait() as Hdf5Answer | undefined;
      if (answer === undefined) {
        stop();
        throw unanswered(args);
      }
      if ('result' in answer) return answer.result as never;
      state = 'failed';
      if (answer.system !== undefined) throw Object.assign(new Error(answer.system.message), answer.system);
      throw inputError('bad-hdf5', `the HDF5 file is damaged${answer.reason === '' ? '' : `: ${answer.reason}`}`, {
        where: { field: pathAmong(args) },
        hint: 'copy or save the file again',
      });
    },
  };
}

const unanswered = (args: readonly unknown[]) =>
  inputError('bad-hdf5', 'the HDF5 file is damaged: reading it does not come to an end', {
    where: { field: pathAmong(args) },
    hint: 'copy or save the file again',
  });

/** The object that a call was about. */
const pathAmong = ([, path]: readonly unknown[]): string | undefined => (typeof path === 'string' ? path : undefined);
