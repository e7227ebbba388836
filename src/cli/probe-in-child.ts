import { spawn } from 'node:child_process';
import type { BackendName } from '../runtime/backend-names.js';
import { type BackendProbe, notRunning } from '../runtime/probe-backend.js';

/** The cpu backend takes seconds on a slow machine; a driver that hangs takes for ever. */
const PATIENCE_MILLISECONDS = 120_000;

/** Tries a backend in a child process: native code that aborts ends only that. */
export function probeInChild(name: BackendName): Promise<BackendProbe> {
  const script =
    `const { probeBackend } = await import(${JSON.stringify(new URL('../runtime/probe-backend.js', import.meta.url))});` +
    `process.send(await probeBackend(${JSON.stringify(name)}), () => process.exit());`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: PATIENCE_MILLISECONDS,
    killSignal: 'SIGKILL',
  });
  return new Promise((resolve) => {
    let messages = '';
    child.on('message', (probe) => resolve(probe as BackendProbe));
    child.stderr!.on('data', (chunk: Buffer) => {
      messages = (messages + chunk.toString()).slice(-10_000);
    });
    child.on('error', (error) => resolve(notRunning(name, `no process can be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      const end = signal === null ? `with the exit code ${code}` : `by ${signal}`;
      const said = lastLine(messages);
      resolve(notRunning(name, `its process ended ${end}${said === undefined ? '' : `: ${said}`}`));
    });
  });
}

const lastLine = (text: string): string | undefined =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .at(-1);
