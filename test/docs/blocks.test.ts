import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { parse } from 'yaml';
import { LONG_PATIENCE_MILLISECONDS } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { type FencedBlock, listBlocks } from './fenced-blocks.js';
import { type Printed, runBlock } from './run-block.js';
import { expectOutput } from './same-output.js';
import { CLONE, makeTemplate, startAnew } from './working-folder.js';

// Every fenced block of the pages is run as its reader would, those of a page in one folder, in order. CONTRIBUTING.md says
// which models lie there and how a block is marked.

const CHINESE = 'README.zh-CN.md';

const PAGES = [
  'README.md',
  ...['docs', 'examples'].flatMap((folder) =>
    readdirSync(join(CLONE, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
]
  .filter((page) => blocksOf(page).length > 0)
  .sort();

vi.setConfig({ testTimeout: LONG_PATIENCE_MILLISECONDS });

const { python } = inject('oracle');
const folder = temporaryFolder();
const template = join(folder, 'template');

beforeAll(() => makeTemplate(template, python));

const isRun = ({ language, meta, notRun, outputOf }: FencedBlock) =>
  notRun === undefined && meta !== 'signature' && (language !== 'text' || outputOf !== undefined);
const needsPython = ({ language, code }: FencedBlock) =>
  language === 'python' || (language === 'sh' && /^\s*python /m.test(code));

describe.each(PAGES.filter((page) => blocksOf(page).some(isRun)))('%s', (page) => {
  const place = join(folder, page.replaceAll('/', '-'));
  const printed = new Map<FencedBlock, Printed>();
  beforeAll(() => startAnew(place, template));

  for (const block of blocksOf(page).filter(isRun)) {
    test.skipIf(python === undefined && needsPython(block))(`line ${block.line}: ${block.language}`, async () => {
      const { language, code, outputOf } = block;
      if (block.isFresh) startAnew(place, template);
      if (language === 'json') expect(() => JSON.parse(code)).not.toThrow();
      else if (language === 'yaml') expect(() => parse(code)).not.toThrow();
      else if (outputOf === undefined) printed.set(block, await runBlock(block, place, python));
      else if (outputOf.notRun === undefined) expectOutput(printed.get(outputOf) ?? '', code, place);
      else throw new Error('it shows what a block prints that is not run: mark it too');
    });
  }
});

test('the Chinese page runs what the English one runs', () => {
  // In one style: a comment says what a line does, two spaces or more behind it.
  const commands = (page: string) =>
    blocksOf(page).map(({ language, code, notRun }) => ({
      language,
      code: code.replaceAll(/ +(?:#|\/\/) .*$/gm, ''),
      isRun: notRun === undefined,
    }));
  expect(commands(CHINESE)).toEqual(commands('README.md'));
});

test('a block that is not run says why', () => {
  const marked = [...PAGES, CHINESE].flatMap((page) =>
    blocksOf(page)
      .filter(({ notRun }) => notRun !== undefined)
      .map(({ line, notRun }) => ({ place: `${page}:${line}`, reason: notRun! })),
  );
  for (const { place, reason } of marked) console.info(`not run: ${place}: ${reason}`);
  expect(marked.filter(({ reason }) => reason.split(' ').length < 3)).toEqual([]);
});

function blocksOf(page: string): readonly FencedBlock[] {
  return listBlocks(readFileSync(join(CLONE, page), 'utf8'));
}
