import { createRequire } from 'node:module';

/** The native backend is large, and wasm does without it. */
const NOT_NEEDED: readonly string[] = ['@tensorflow/tfjs-node-gpu'];

/**
 * Returns the command that installs a missing optional package, and all others that are missing: who lacks one of them
 * mostly lacks them all, and would otherwise be sent for one after the other.
 * @param needed packages that are needed now: installed anew if they are there and do not run
 */
export function installMissing(...needed: readonly string[]): string {
  const require = createRequire(import.meta.url);
  const { optionalDependencies } = require('se-retrofit/package.json') as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  const isMissing = (name: string): boolean => {
    try {
      require.resolve(name);
      return false;
    } catch {
      return true;
    }
  };
  const named = Object.entries(optionalDependencies).filter(
    ([name]) => needed.includes(name) || (!NOT_NEEDED.includes(name) && isMissing(name)),
  );
  return `npm install ${named.map(([name, version]) => `${name}@${version}`).join(' ')}`;
}
