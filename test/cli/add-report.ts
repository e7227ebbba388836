import { expect } from 'vitest';
import type { z } from 'zod';
import { addReportSchema } from '../../src/index.js';
import { runHere } from '../support/cli-here.js';

export type AddReport = z.infer<typeof addReportSchema>;

/** Runs add with --json, checks that it succeeds, and gives its report. */
export async function addReport(words: readonly string[]): Promise<AddReport> {
  const { code, stdout, stderr } = await runHere([...words, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return addReportSchema.parse(JSON.parse(stdout));
}
