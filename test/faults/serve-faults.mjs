// @ts-check
// Runs the command line many times in one process, each with another fault. Starting a process for each would take
// longer than all else; only where the process itself is to die is there no other way.
import { runWords } from '../../dist/src/cli/main.js';
import { setFault } from './inject-faults.mjs';

let messages = '';
process.stdout.write = () => true;
process.stderr.write = (/** @type {any} */ text) => {
  messages += text;
  return true;
};

process.on(
  'message',
  async (/** @type {{ words: string[], fault: import('./inject-faults.mjs').Fault }} */ request) => {
    messages = '';
    setFault(request.fault);
    const code = await runWords(request.words);
    setFault({ ...request.fault, kind: 'none' });
    process.send?.({ code, stderr: messages });
  },
);
