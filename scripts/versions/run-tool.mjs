// The built command line in one process, run after run: jobs {"words"} as lines on stdin, {"report"} as lines on stdout.

import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { runWords } from '../../dist/src/cli/main.js';

let printed = '';
process.stdout.write = (chunk) => {
  printed += chunk;
  return true;
};
for await (const line of createInterface({ input: process.stdin })) {
  printed = '';
  await runWords([...JSON.parse(line).words, '--json']);
  writeSync(1, `${JSON.stringify({ report: JSON.parse(printed) })}\n`);
}
