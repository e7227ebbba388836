import { Writable } from 'node:stream';
import progress from 'cli-progress';
import { expect, test, vi } from 'vitest';
import { exitOnSignals } from '../../src/cli/signals.js';
import { terminalBar } from '../../src/cli/terminal-bar.js';

// Signals are given to the program's own listeners, and a terminal writes down what it is sent.

const OFF = '\u001b[?7l';
const ON = '\u001b[?7h';

function terminal() {
  const sent: string[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      sent.push(String(chunk));
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY: true, columns: 80 }) as never, text: () => sent.join('') };
}

test('a bar that was cleared comes back; one that was stopped does not', () => {
  const { stream, text } = terminal();
  const bar = terminalBar(progress.SingleBar, { stream });
  bar.update(10, 1);
  bar.clear();
  const cleared = text();
  expect(cleared.lastIndexOf(ON)).toBeGreaterThan(cleared.lastIndexOf(OFF));
  bar.update(10, 2);
  expect(text().length).toBeGreaterThan(cleared.length);
  bar.stop();
  const stopped = text();
  bar.update(10, 3);
  expect(text()).toBe(stopped);
  expect(stopped.lastIndexOf(ON)).toBeGreaterThan(stopped.lastIndexOf(OFF));
});

test('line wrap is given back when a signal comes, and no late update takes it away again', async () => {
  const ended = new Promise<unknown>((resolve) => {
    vi.spyOn(process, 'exit').mockImplementation((code) => resolve(code) as never);
  });
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  const before = new Set(process.listeners('SIGINT'));
  exitOnSignals();
  const { stream, text } = terminal();
  const [first, late] = [terminalBar(progress.SingleBar, { stream }), terminalBar(progress.SingleBar, { stream })];
  first.update(10, 1);
  expect(text().endsWith(ON)).toBe(false);
  expect(text()).toContain(OFF);
  for (const listener of process.listeners('SIGINT')) if (!before.has(listener)) listener('SIGINT');
  expect(said).toEqual(['se-retrofit: interrupted; nothing written\n']);
  expect(text().lastIndexOf(ON)).toBeGreaterThan(text().lastIndexOf(OFF));
  // The work goes on until the process has ended.
  const atSignal = text();
  first.update(10, 2);
  late.update(10, 1);
  expect(await ended).toBe(130);
  expect(text()).toBe(atSignal);
});
