import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('../oracle/keras_server.py', import.meta.url));
const START_MILLISECONDS = 120_000;
/** A damaged model may ask for any amount of memory. */
const MOST_KIBIBYTES = 16 * 2 ** 20;

/**
 * Real Keras as a judge, in a process that is begun anew after a hang or a crash.
 * @param {string} python an interpreter with the libraries of test/oracle/requirements.txt
 * @param {'keras2' | 'keras3'} kind
 */
export function kerasJudge(python, kind) {
  let server;
  const start = async () => {
    const child = spawn('bash', ['-c', `ulimit -v ${MOST_KIBIBYTES}; exec "$0" "$@"`, python, SERVER, kind], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    child.stdin.on('error', () => {});
    const lines = createInterface({ input: child.stdout });
    let settle;
    lines.on('line', (line) => settle?.(JSON.parse(line)));
    child.on('exit', () => settle?.({ ended: true }));
    const ask = (text, milliseconds) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve({ late: true }), milliseconds);
        settle = (answer) => {
          clearTimeout(timer);
          resolve(answer);
        };
        if (text !== undefined) child.stdin.write(`${text}\n`);
      });
    const ready = await ask(undefined, START_MILLISECONDS);
    if (ready.ready === undefined) throw new Error(`${kind} does not start`);
    return { child, ask };
  };
  const end = () => {
    server?.child.kill('SIGKILL');
    server = undefined;
  };
  return {
    async outputsOf(path, milliseconds) {
      const model = path.endsWith('.json') ? { json: path, weights: path.replace(/\.json$/, '.weights.h5') } : path;
      server ??= await start();
      const request = { id: 1, do: 'outputs', model, openSize: 16 };
      const answer = await server.ask(JSON.stringify(request), milliseconds);
      if (answer.late || answer.ended) end();
      if (answer.late) return { refused: 'hangs' };
      if (answer.ended) return { refused: 'crashes' };
      if (answer.error) return { refused: answer.error.message };
      return { outputs: answer.result.outputs.map(({ shape, base64 }) => ({ shape, values: floatsOf(base64) })) };
    },
    end,
  };
}

const floatsOf = (base64) => new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
