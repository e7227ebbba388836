import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { LONG_PATIENCE_MILLISECONDS, type Result, runProgram } from '../support/cli.js';

const CLONE = fileURLToPath(new URL('../../', import.meta.url));

export interface PackedPackage {
  readonly tarball: string;
  readonly version: string;
  /** Paths inside the package, sorted. */
  readonly files: readonly string[];
  /** Bytes of the tarball. */
  readonly size: number;
}

/** Packs the package as it would be published, with what is compiled now. */
export async function packPackage(folder: string): Promise<PackedPackage> {
  const words = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = ended(
    await runProgram('npm', words, { cwd: CLONE, patienceMilliseconds: LONG_PATIENCE_MILLISECONDS }),
  );
  const [packed] = JSON.parse(stdout) as readonly {
    readonly filename: string;
    readonly version: string;
    readonly size: number;
    readonly files: readonly { readonly path: string }[];
  }[];
  const { filename, version, size, files } = packed!;
  return { tarball: join(folder, filename), version, size, files: files.map(({ path }) => path).sort() };
}

/** Installs a package into an empty project, as its users do; packages come from npm's cache where they are there. */
export async function installPackage(
  tarball: string,
  project: string,
  words: readonly string[] = ['--omit=optional', '--ignore-scripts'],
): Promise<void> {
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }));
  const always = ['--prefer-offline', '--no-audit', '--no-fund'];
  const options = { cwd: project, patienceMilliseconds: LONG_PATIENCE_MILLISECONDS };
  ended(await runProgram('npm', ['install', ...always, ...words, tarball], options));
}

function ended(result: Result): Result {
  expect(result.code, result.stderr).toBe(0);
  return result;
}
