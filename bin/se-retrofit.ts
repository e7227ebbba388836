#!/usr/bin/env node
import { start } from '../src/cli/start.js';

process.exitCode = await start(process.argv.slice(2));
