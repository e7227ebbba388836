import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import type { Kind } from './environment.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Sockets of the processes that fork for each test file; none where every file starts its own Keras. */
    kerasSockets?: Readonly<Partial<Record<Kind, string>>>;
  }
}

const SERVER = fileURLToPath(new URL('keras_server.py', import.meta.url));
/** JAX starts threads as it is imported: nothing forks behind it. */
const FORKED: readonly Kind[] = ['keras2', 'keras3'];

/**
 * Imports each Keras once for all test files, which takes seconds. Vitest calls this once before the tests, behind the setup
 * of the environment.
 * @returns what ends the processes
 */
export default async function setup(project: TestProject): Promise<(() => void) | undefined> {
  const { python, missing } = project.getProvidedContext().oracle;
  if (python === undefined || process.platform === 'win32') return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'se-retrofit-keras-'));
  const kinds = FORKED.filter((kind) => missing[kind] === undefined);
  const started = kinds.map((kind) => {
    const path = join(folder, kind);
    const server = spawn(python, [SERVER, kind, path], { stdio: ['pipe', 'pipe', 'ignore'] });
    const listens = new Promise<boolean>((resolve) => {
      createInterface({ input: server.stdout }).once('line', () => resolve(true));
      server.once('exit', () => resolve(false));
    });
    return { kind, path, server, listens };
  });
  const listening: [Kind, string][] = [];
  for (const { kind, path, listens } of started) if (await listens) listening.push([kind, path]);
  project.provide('kerasSockets', Object.fromEntries(listening));
  return () => {
    for (const { server } of started) server.kill();
    rmSync(folder, { recursive: true, force: true });
  };
}
