// The page's side of the worker: asks, hears of the progress, and stops it.
import SOURCE from './worker.js?source';

/** What is asked of a worker that was stopped meanwhile ends with this. */
export class Cancelled extends Error {}

/**
 * A worker that is started when it is asked for something. It is made of a blob, for such workers are under the policy of
 * the page: nothing is sent from there either.
 */
export function startClient(onProgress) {
  let worker;
  let files;
  let opening = 0;
  let nextId = 0;
  const waiting = new Map();

  function start() {
    const address = URL.createObjectURL(new Blob([SOURCE], { type: 'text/javascript' }));
    worker = new Worker(address);
    URL.revokeObjectURL(address);
    worker.onmessage = ({ data: { id, progress, result, error } }) => {
      const asked = waiting.get(id);
      if (asked === undefined) return;
      if (progress !== undefined) return onProgress(progress);
      waiting.delete(id);
      if (error === undefined) asked.resolve(result);
      else asked.reject(error);
    };
    worker.onerror = ({ message }) => stop({ code: 'defect', sentence: message, where: {}, facts: {} });
  }

  function stop(error) {
    worker?.terminate();
    worker = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  function ask(task, request) {
    const isNew = worker === undefined;
    if (isNew) start();
    // A worker that was stopped knows no model any more.
    if (isNew && task !== 'open' && files !== undefined) worker.postMessage({ id: -1, task: 'open', request: files });
    const id = nextId++;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, task, request });
    });
  }

  return {
    ask,
    async open(given) {
      // Whatever is being done with the last model is for nothing.
      if (waiting.size > 0) stop(new Cancelled());
      const own = ++opening;
      try {
        const opened = await ask('open', given);
        files = given;
        return opened;
      } catch (error) {
        // The next worker opens the files that were open before.
        if (own === opening) stop(error);
        throw error;
      }
    },
    cancel: () => stop(new Cancelled()),
  };
}
