import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { listBlocks } from './fenced-blocks.js';
import { runBlock } from './run-block.js';
import { expectOutput } from './same-output.js';

// The runner itself: a page that does not hold must fail.

const PAGE = `# A page

\`\`\`text
a picture
\`\`\`

\`\`\`sh
echo one; echo two
\`\`\`

It prints:

\`\`\`text
one
\`\`\`

<!-- not run: it needs a moon -->
<!-- new folder -->

\`\`\`sh
echo moon
\`\`\`

## Another section

\`\`\`text
one
\`\`\`

- in a list
  \`\`\`ts signature
  function f(): void
  \`\`\`
`;

const folder = temporaryFolder();
const runOf = (language: string, code: string) =>
  runBlock(listBlocks(`\`\`\`${language}\n${code}\n\`\`\``)[0]!, folder, undefined);

test('blocks, their marks, and what is the output of what', () => {
  const blocks = listBlocks(PAGE);
  expect(blocks.map(({ language, line }) => [language, line])).toEqual([
    ['text', 3],
    ['sh', 7],
    ['text', 13],
    ['sh', 20],
    ['text', 26],
    ['ts', 31],
  ]);
  expect(blocks.map(({ outputOf }) => outputOf?.line)).toEqual([undefined, undefined, 7, ...Array(3).fill(undefined)]);
  expect(blocks.map(({ notRun }) => notRun)).toEqual([
    ...Array(3).fill(undefined),
    'it needs a moon',
    ...Array(2).fill(undefined),
  ]);
  expect(blocks[3]).toMatchObject({ isFresh: true, isInClone: false });
  expect(blocks[5]).toMatchObject({ meta: 'signature', code: 'function f(): void' });
});

test('a command has to end as the page says', async () => {
  expect(await runOf('sh', 'echo one; echo two >&2')).toBe('one\ntwo\n');
  expect(await runOf('sh', 'echo no\n(exit 3)   # too large: exit 3')).toBe('no\n');
  await expect(runOf('sh', 'false\necho yes')).rejects.toThrow();
  await expect(runOf('sh', 'true   # exit 3')).rejects.toThrow();
  await expect(runOf('sh', 'false | true')).rejects.toThrow();
  await expect(runOf('cobol', 'STOP RUN.')).rejects.toThrow('no way is known');
});

test('a session shows what its commands print', async () => {
  await runOf('console', '$ echo one \\\n  two\none two\n$ echo three\nthree');
  await expect(runOf('console', '$ echo one\none\n$ echo two\nthree')).rejects.toThrow();
});

test('a program has to run and to have the right types', async () => {
  writeFileSync(join(folder, 'given.txt'), '');
  expect(await runOf('js', 'console.log(1 + 1);')).toBe('2\n');
  await expect(runOf('js', 'throw new Error("no");')).rejects.toThrow();
  await expect(runOf('ts', 'const one: string = 1;\nexport { one };')).rejects.toThrow(/not assignable/);
});

test('output may differ in times, folders and the width of columns, and in nothing else', () => {
  const same = (printed: string, shown: string) => () => expectOutput(printed, shown, '/tmp/x');
  expect(same('a  b 12 ms\n/tmp/x/out 3.5 s\n', 'a b 7 ms\nout 12.1 s')).not.toThrow();
  expect(same('one\ntwo\nthree\n', 'one\n...\nthree')).not.toThrow();
  expect(same('one\ntwo\n', 'one\n...')).not.toThrow();
  expect(same('one\ntwo\n', 'one')).toThrow();
  expect(same('one\n', 'one\ntwo')).toThrow();
  expect(same('12 modules', '13 modules')).toThrow();
});
