import { exec } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectFailure, makeFolders, namesIn, run } from '../support/cli.js';
import { runHere } from '../support/cli-here.js';
import { modelFolder } from '../support/fixtures.js';

// Nothing is fetched from the network: who gives a URL is told what fetches the model.

const newFolder = makeFolders();
const served = modelFolder('resnet-v1');
/** What is served instead of a file, and what was asked for. */
const instead = new Map<string, string>();
const asked: string[] = [];
const server = createServer(({ url }, response) => {
  const name = url!.slice('/nets/'.length);
  asked.push(name);
  response.end(instead.get(name) ?? readFileSync(join(served, name.replace('w/', ''))));
});
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
    const inQuotes = `'https://example.org/${name.replace("'", '%27').replaceAll(' ', '%20')}'`;
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

test('weights in a folder are put there, and nothing outside of the folder of the model', async () => {
  const folder = newFolder();
  const json = JSON.parse(readFileSync(join(served, 'model.json'), 'utf8'));
  const [{ paths }] = json.weightsManifest;
  json.weightsManifest[0].paths = [...paths.map((path: string) => `w/${path}`), 'w/../../outside', '/absolute'];
  instead.set('there.json', JSON.stringify(json)).set('/absolute', '');
  const { stderr } = await runHere([`${nets}/there.json`]);
  await promisify(exec)(/fetch it first: (.*)\)$/m.exec(stderr)![1]!, { cwd: folder });
  const fetched = paths.map((path: string) => `w/${path}`);
  expect(namesIn(folder)).toEqual(['absolute', 'there.json', 'w/', ...fetched].sort());
  expect(asked.some((name) => name.includes('outside'))).toBe(false);
});

test.each([
  ['s3://bucket/net/model.json', "aws s3 cp --recursive 's3://bucket/net/' ."],
  ['gs://bucket/net.keras', "gcloud storage cp 'gs://bucket/net.keras' ."],
  ['file:///nets/a%20net.h5', 'give the path itself: /nets/a net.h5'],
  ['https://example.org/nets/?v=1', "curl -fL 'https://example.org/nets/?v=1' -o NAME"],
  ['https://example.org/model.json?alt=media', "curl -fL --create-dirs -o ./{} 'https://example.org/{}?alt=media'"],
  ['ftp://example.org/net.h5', 'only files of this machine are read'],
])('%s: what fits that kind of address', async (url, hint) => {
  expectFailure(await runHere(['inspect', url]), 4, 'a URL, and nothing is fetched here', hint);
});

test('pictures are not fetched either', async () => {
  const images = 'https://example.org/pictures';
  expectFailure(await runHere(['verify', served, served, '--images', images]), 4, images, 'copy the images');
});

test.each(['-o', '--output-dir', '--html', '--markdown'])('%s takes no URL, and no dash', async (flag) => {
  const cwd = newFolder();
  expectFailure(await runHere([served, flag, 'https://example.org/net'], { cwd }), 2, 'a URL', 'nothing is sent');
  expectFailure(await runHere([served, flag, '-'], { cwd }), 2, 'standard output');
  expect(namesIn(cwd)).toEqual([]);
});

test('nor does a config, or a flag of another command', async () => {
  const cwd = newFolder();
  writeFileSync(join(cwd, 'config.json'), '{"output":"s3://bucket/net"}');
  expectFailure(await runHere([served, '--config', 'config.json'], { cwd }), 2, 's3://bucket/net', 'nothing is sent');
  const others = [
    ['inspect', served, '--svg'],
    ['excite', served, cwd, '--csv'],
    ['excite', served, cwd, '-o'],
    ['tune', served, cwd, '-o', 'tuned', '--checkpoints'],
    ['bake', served, cwd, '-o'],
    ['convert', served, '-o'],
  ];
  for (const words of others)
    for (const place of ['gs://bucket/x', '-'])
      expectFailure(await runHere([...words, place], { cwd }), 2, /a URL|standard output/);
  expect(namesIn(cwd)).toEqual(['config.json']);
});
