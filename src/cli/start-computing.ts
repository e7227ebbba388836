import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { printable } from '../report/printable.js';
import { type BackendName, NATIVE_NAMES } from '../runtime/backend-names.js';
import { nativePlaces } from '../runtime/native-backend.js';
import type { BackendProbe } from '../runtime/probe-backend.js';
import { startBackend } from '../runtime/start-backend.js';
import type { PassedOver, TensorFlow } from '../runtime/tensorflow.js';
import type { ComputeFlags } from './compute-options.js';
import { probeInChild } from './probe-in-child.js';
import { messageColors, tell } from './terminal.js';

const probes = new Map<BackendName, Promise<BackendProbe>>();

/**
 * Loads TensorFlow.js with the requested backend. Before `auto` takes a native one, it is tried in a child process:
 * native code that aborts would end the command too.
 * @throws RetrofitError `no-backend`
 */
export async function startComputing(
  choice: ComputeFlags['backend'],
  { quiet = false }: { readonly quiet?: boolean } = {},
): Promise<TensorFlow> {
  if (choice !== 'auto') return startBackend(choice);
  const broken: PassedOver[] = [];
  for (const name of NATIVE_NAMES.filter(hasBinding)) {
    const isNew = !probes.has(name);
    const probe = probes.get(name) ?? probeInChild(name);
    probes.set(name, probe);
    const { reason } = await probe;
    if (reason === null) break;
    broken.push({ name, reason });
    if (isNew && !quiet) tell(messageColors.yellow(`warning: ${name} does not run here: ${printable(reason)}`));
  }
  return startBackend('auto', broken);
}

/** Tells whether this backend would run native code: without its binding the package says so, and no more. */
function hasBinding(name: BackendName): boolean {
  try {
    const { resolve } = createRequire(import.meta.url);
    return existsSync(join(dirname(resolve(`@tensorflow/${name}/package.json`, { paths: nativePlaces() })), 'lib'));
  } catch {
    return false;
  }
}
