// Programs that answer jobs, a line of JSON each. That one never ends, or kills the program, is its answer too.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Of one job; the first one waits for the imports too, on a busy machine. */
const PATIENCE_MILLISECONDS = 300_000;

/**
 * @param {{ command: string, args: string[], env?: object }} program
 * @param {readonly object[]} jobs
 * @returns {Promise<readonly object[]>} an answer for each job; `error` where there is none
 */
export async function askProgram(program, jobs) {
  const answers = [];
  while (answers.length < jobs.length) {
    const reason = await answerSome(program, jobs.slice(answers.length), answers);
    // It stopped at a job: that is this job's answer, and a new process goes on behind it.
    if (answers.length < jobs.length) answers.push({ error: reason });
  }
  return answers;
}

/** @returns {Promise<string>} why the process ended */
function answerSome({ command, args, env }, jobs, answers) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    let reason;
    let said = '';
    let timer;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        reason = 'never ends';
        child.kill('SIGKILL');
      }, PATIENCE_MILLISECONDS);
    };
    wait();
    child.stderr.on('data', (data) => {
      said = `${said}${data}`.slice(-2000);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      answers.push(JSON.parse(line));
      wait();
    });
    child.on('error', (error) => {
      reason = error.message;
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      // By whoever: memory ran out, or a person. That says nothing of a model.
      if (signal === 'SIGKILL' && reason === undefined) fail(new Error(`${command} ${args[0]} was killed`));
      done(reason ?? `it ended with ${signal ?? code}: ${said.trim().split('\n').at(-1)}`);
    });
    child.stdin.on('error', () => {});
    child.stdin.end(jobs.map((job) => `${JSON.stringify(job)}\n`).join(''));
  });
}
