import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { buildNative, CannotBuild } from '../../scripts/backend-native.mjs';

/** Not where `npm run backend:native` builds: tests of `--backend auto` are not to depend on who ran what before. */
const FOLDER = fileURLToPath(new URL('../../.cache/native-tests', import.meta.url));

/** Where a native backend is, or why there is none. */
export type NativeBackend = { readonly folder: string } | { readonly reason: string };

declare module 'vitest' {
  interface ProvidedContext {
    native: NativeBackend;
  }
}

/** Vitest calls this once before all tests, behind the setup of the oracle, whose TensorFlow it takes. */
export default async function setup(project: TestProject): Promise<void> {
  const say = (line: string) => project.vitest.logger.log(line);
  try {
    const { folder, tensorflow, usesGpu } = await buildNative({ folder: FOLDER, installs: false });
    say(`The runtime tests compute on wasm, cpu, and TensorFlow ${tensorflow} on the ${usesGpu ? 'GPU' : 'CPU'}.`);
    project.provide('native', { folder });
  } catch (error) {
    if (!(error instanceof CannotBuild)) throw error;
    if (process.env.CI === 'true' && !error.isMissing) throw error;
    say(`The runtime tests compute on wasm and cpu; those on a native backend are skipped: ${error.message}.`);
    project.provide('native', { reason: error.message });
  }
}
