import type { TestProject } from 'vitest/node';
import { type OracleEnvironment, prepareEnvironment } from './environment.js';

declare module 'vitest' {
  interface ProvidedContext {
    oracle: OracleEnvironment;
  }
}

/** Vitest calls this once before all tests, in the main process. */
export default async function setup(project: TestProject): Promise<void> {
  const say = (line: string) => project.vitest.logger.log(line);
  const environment = await prepareEnvironment(say);
  const reasons = [...new Set(Object.values(environment.missing))];
  if (reasons.length > 0) {
    const message = `Real Keras cannot judge here: ${reasons.join('; ')}.`;
    if (process.env.CI === 'true') throw new Error(message);
    say(`${message} The oracle tests are skipped.`);
  }
  project.provide('oracle', environment);
}
