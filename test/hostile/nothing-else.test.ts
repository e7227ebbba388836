import { cpSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { BIN, makeFolders, runProgram } from '../support/cli.js';
import { editText, modelFileOf, WRITINGS, type Writing, writeWhole } from './containers.js';

// No file outside the named ones is opened: the kernel says which were, where strace is installed. The model names files
// of the machine wherever a model can.

const newFolder = makeFolders();
const hasStrace = (await runProgram('strace', ['-V']).catch(() => undefined))?.code === 0;
const ONE_EACH = WRITINGS.filter(
  ({ container }, index) => WRITINGS.findLastIndex((other) => other.container === container) === index,
);
const CODE = resolve(BIN, '../../..');
/** A link in a second work tree. */
const PACKAGES = realpathSync(join(CODE, 'node_modules'));
/** What node itself looks at on any machine, before and beside a program. */
const SYSTEM = /^\/(proc|sys|dev|lib|lib64|usr|opt|etc\/(ld\.so|ssl|localtime|nsswitch|passwd$))/;
const SECRET = '/etc/hostname';
const BAIT = `"layer":{"class_name":"StringLookup","config":{"vocabulary":"${SECRET}"}},"filepath":"file://${SECRET}",`;

describe.skipIf(!hasStrace)('the files that are opened', () => {
  const wholes = new Map<Writing, string>();
  beforeAll(async () => {
    for (const writing of ONE_EACH) {
      const folder = join(newFolder(), 'net');
      await writeWhole(folder, writing);
      await editText(folder, writing, (text) => text.replace(/(?<="class_name":\s*"Dropout",\s*"config":\s*\{)/, BAIT));
      wholes.set(writing, folder);
    }
  });

  test.each(ONE_EACH)('$container: its own, ours and those of node', async (writing) => {
    const folder = newFolder();
    cpSync(wholes.get(writing)!, join(folder, 'net'), { recursive: true });
    const log = join(newFolder(), 'log');
    const path = join(folder, 'net', modelFileOf(writing));
    const words = ['-f', '-e', 'trace=open,openat,connect,execve', '-o', log, process.execPath, BIN, 'add', path];
    const result = await runProgram('strace', words, { cwd: folder });
    expect(result.code, result.stderr).toBe(0);
    const lines = readFileSync(log, 'utf8').split('\n');
    const opened = lines.flatMap((line) => /\bopen(?:at)?\([^"]*"([^"]*)"/.exec(line)?.[1] ?? []);
    expect(opened).toContain(path);
    expect(lines.join('\n')).not.toContain(SECRET);
    const strange = opened.filter(
      (name) =>
        ![folder, CODE, PACKAGES].some((place) => resolve(folder, name).startsWith(place)) && !SYSTEM.test(name),
    );
    expect(strange.filter((name) => name !== process.execPath)).toEqual([]);
    expect(lines.filter((line) => /\bconnect\(/.test(line))).toEqual([]);
    expect(lines.filter((line) => /\bexecve\(/.test(line))).toHaveLength(1);
  });
});
