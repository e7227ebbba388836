import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BIN, type Result, runProgram } from '../support/cli.js';
import type { Fault } from './inject-faults.mjs';

const INJECT = fileURLToPath(new URL('./inject-faults.mjs', import.meta.url));
const SERVE = fileURLToPath(new URL('./serve-faults.mjs', import.meta.url));

/** Longer than any run takes: one that hangs is a defect. */
const PATIENCE_MILLISECONDS = 60_000;

/** What is run, and in which folder files are watched. */
interface Stand {
  readonly root: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const journalOf = ({ root }: Stand): string => join(root, 'journal');

function environment(stand: Stand, fault?: Fault, target?: string): Readonly<Record<string, string>> {
  const given = { folder: stand.root, journal: journalOf(stand), fault, target };
  return { ...stand.env, SE_FAULT: JSON.stringify(given), NODE_NO_WARNINGS: '1' };
}

/** The calls in which a fault happened in the last run, in order; with `count`, all calls. */
export const takeJournal = (stand: Stand): readonly string[] => {
  const path = journalOf(stand);
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  rmSync(path, { force: true });
  return lines;
};

/** Runs a job's command line as a process of its own, with a fault. */
export const runFaulty = (stand: Stand, fault: Fault): Promise<Result> =>
  runProgram(process.execPath, ['--import', INJECT, BIN, ...stand.words], { env: environment(stand, fault) });

/** A process that runs a job as often as asked, each time with another fault. */
export interface FaultServer {
  readonly processId: number;
  run(fault: Fault): Promise<{ readonly code: number; readonly stderr: string }>;
  stop(): Promise<void>;
}

/** @param target the file that faults of this kind change */
export function startFaultServer(stand: Stand, target?: string): FaultServer {
  const env = { ...process.env, ...environment(stand, undefined, target) };
  const child: ChildProcess = fork(SERVE, { env, execArgv: [] });
  return {
    processId: child.pid!,
    run: async (fault) => {
      child.send({ words: stand.words, fault });
      const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
      const [answer] = await once(child, 'message', { signal });
      return answer;
    },
    stop: async () => {
      const closed = once(child, 'exit');
      child.kill('SIGTERM');
      await closed;
    },
  };
}
