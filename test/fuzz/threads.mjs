import { Worker } from 'node:worker_threads';

/**
 * A thread that answers one message at a time, with a deadline and a heap that ends; after a hang or a crash it is begun
 * anew.
 * @param {URL} file
 * @param {{ data?: unknown, megabytes: number, hasGreeting?: boolean }} options
 */
export function patientThread(file, { data, megabytes, hasGreeting = false }) {
  let worker;
  let settle;
  const listen = (milliseconds, send) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve({ failed: 'hangs' }), milliseconds);
      settle = (answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      send();
    });
  const start = async () => {
    const started = new Worker(file, { workerData: data, resourceLimits: { maxOldGenerationSizeMb: megabytes } });
    started.on('message', (answer) => settle?.(answer));
    started.on('error', (error) => settle?.({ failed: `crashes: ${error.stack}` }));
    started.on('exit', () => settle?.({ failed: 'ends' }));
    worker = started;
    if (hasGreeting) return listen(120_000, () => {});
  };
  const end = async () => {
    settle = undefined;
    await worker?.terminate();
    worker = undefined;
  };
  return {
    async ask(message, milliseconds) {
      if (worker === undefined) await start();
      const answer = await listen(milliseconds, () => worker.postMessage(message));
      if (answer.failed !== undefined) await end();
      return answer;
    },
    end,
  };
}
