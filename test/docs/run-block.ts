import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect } from 'vitest';
import { LONG_PATIENCE_MILLISECONDS, type Result, runProgram } from '../support/cli.js';
import { checkTypes } from './check-types.js';
import type { FencedBlock } from './fenced-blocks.js';
import { expectOutput } from './same-output.js';
import { CLONE } from './working-folder.js';

const QUIET = {
  npm_config_loglevel: 'silent',
  TF_CPP_MIN_LOG_LEVEL: '3',
  CUDA_VISIBLE_DEVICES: '',
  JAX_PLATFORMS: 'cpu',
  KERAS_BACKEND: 'tensorflow',
  PYTHONDONTWRITEBYTECODE: '1',
};

/** What a block prints, both streams as a terminal shows them. */
export type Printed = string;

/**
 * Runs a block in a folder as its reader would.
 * @returns what it printed
 * @throws where it does not end as it should: with 0, or as its last line says (`# exit 3`)
 */
export async function runBlock(block: FencedBlock, folder: string, python: string | undefined): Promise<Printed> {
  const run = (program: string, ...words: string[]) =>
    runProgram('bash', ['-c', 'exec 2>&1; exec "$0" "$@"', program, ...words], {
      patienceMilliseconds: LONG_PATIENCE_MILLISECONDS,
      cwd: block.isInClone ? CLONE : folder,
      env: { ...QUIET, PATH: `${join(folder, 'node_modules', '.bin')}${delimiter}${process.env.PATH}` },
    });
  const name = `block-${block.line}`;
  // It would take the packages away under the tests that run beside this one.
  if (block.isInClone && /npm (?:ci|i|install)\b/.test(block.code))
    throw new Error('nothing is installed in the clone');
  switch (block.language) {
    case 'sh':
    case 'bash': {
      const code = Number(/#.*\bexit (?:code )?(\d+)\s*$/.exec(block.code)?.[1] ?? 0);
      return ended(await run('bash', '-e', '-o', 'pipefail', '-c', block.code), code);
    }
    case 'console': {
      for (const { command, shown } of listCommands(block.code)) {
        const code = Number(/#.*\bexit (?:code )?(\d+)\s*$/.exec(command)?.[1] ?? 0);
        expectOutput(ended(await run('bash', '-o', 'pipefail', '-c', command), code), shown, folder);
      }
      return '';
    }
    case 'ts': {
      const { complaints, script } = checkTypes(folder, name, block.code);
      expect(complaints.join('\n')).toBe('');
      return ended(await run(process.execPath, script));
    }
    case 'js':
      writeFileSync(join(folder, `${name}.mjs`), block.code);
      return ended(await run(process.execPath, `${name}.mjs`));
    case 'python':
      writeFileSync(join(folder, `${name}.py`), block.code);
      return ended(await run(python!, `${name}.py`));
    default:
      throw new Error(`no way is known to run a block of "${block.language}": teach ${import.meta.url}, or mark it`);
  }
}

function ended({ code, stdout }: Result, expected = 0): Printed {
  expect(code, stdout).toBe(expected);
  return stdout;
}

/** The commands of a session (`$ command`, then what it prints). */
function listCommands(session: string): readonly { readonly command: string; readonly shown: string }[] {
  return session.split(/^\$ /m).flatMap((part) => {
    if (part.trim() === '') return [];
    const [, command, shown] = /^((?:[^\n]*\\\n)*[^\n]*)\n?(.*)$/s.exec(part)!;
    return [{ command: command!, shown: shown! }];
  });
}
