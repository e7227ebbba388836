// Writes docs/OPTIONS.md and docs/API.md out of the program, which has to be compiled: npm run docs.

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { apiPage } from './docs/api-page.mjs';
import { optionsPage } from './docs/options-page.mjs';
import { loadSource, ROOT } from './docs/source.mjs';

/** The pages that are made out of the program, by their paths in the repository. */
export async function generatedPages() {
  const { configSchema } = await import('../dist/src/cli/config-file.js');
  const { EXIT_CODES, SIGNAL_EXIT_CODES } = await import('../dist/src/cli/exit-codes.js');
  const { CONFIGURED, makeProgram } = await import('../dist/src/cli/program.js');
  const { EXACT_BY, SKIP_REASONS } = await import('../dist/src/report/sentences.js');
  const facts = {
    program: makeProgram(),
    configured: CONFIGURED,
    configSchema: z.toJSONSchema(configSchema),
    exitCodes: EXIT_CODES,
    signalExitCodes: SIGNAL_EXIT_CODES,
    skipReasons: SKIP_REASONS,
    exactBy: EXACT_BY,
  };
  const source = loadSource();
  return { 'docs/OPTIONS.md': optionsPage(facts, source), 'docs/API.md': apiPage(source) };
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(await generatedPages())) writeFileSync(`${ROOT}${path}`, text);
}
