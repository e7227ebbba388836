import { exec } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectFailure, makeFolders, run } from '../support/cli.js';
import { modelFolder } from '../support/fixtures.js';

// Nothing is fetched from the network: who gives a URL is told what fetches the model.

const newFolder = makeFolders();
const served = modelFolder('resnet-v1');
const server = createServer(({ url }, response) =>
  response.end(readFileSync(join(served, url!.slice('/nets/'.length)))),
);
let nets: string;

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  nets = `http://127.0.0.1:${(server.address() as AddressInfo).port}/nets`;
});
afterAll(() => server.close());

test.each(['net.keras', 'a b.json', '$(touch x).json', "it's.h5", 'model.json?raw=1;touch x'])(
  '%s: one command, the URL in quotes',
  async (name) => {
    const result = await run(['inspect', `https://example.org/${name}`]);
    const inQuotes = `'https://example.org/${name.replace("'", '%27')}'`;
    const [start] = inQuotes.split('?');
    expectFailure(result, 4, /a URL, and nothing is fetched here \(fetch it first: curl -fLO? '/);
    expect(result.stderr).toContain(start);
    expect(result.stderr.replace(/.*fetch it first/, '').replaceAll(/'[^']*'|"[^"]*"/g, '')).not.toMatch(/touch|\$/);
  },
);

test('the line that is printed fetches a TensorFlow.js model with its weights', async () => {
  const folder = newFolder();
  const { stderr } = await run([`${nets}/model.json`]);
  const line = /fetch it first: (.*)\)$/m.exec(stderr)![1]!;
  // Not synchronously: the server has to answer meanwhile.
  await promisify(exec)(line, { cwd: folder });
  expect(await run(['inspect', 'model.json'], { cwd: folder })).toMatchObject({ code: 0 });
});
