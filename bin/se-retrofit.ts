#!/usr/bin/env node
import { exitOnSignals } from '../src/cli/signals.js';

// Before all else is loaded, or a signal would end the process without a word.
exitOnSignals();
const { main } = await import('../src/cli/main.js');
process.exitCode = await main(process.argv.slice(2));
