import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Browser, CDPSession, Page } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPage, type Server, serve } from '../../scripts/example-web.mjs';
import { nodeStorage } from '../../src/storage/node/node-storage.js';
import { HAS_CHROMIUM, startChromium } from '../support/chromium.js';
import { bytesIn, copyFixture, makeFolders, namesIn, run } from '../support/cli.js';
import { buildModel, renameLayer, writeBuilt } from '../support/model-builder.js';

// The page of examples/web in a real browser, as somebody uses it.

/** Less than a test has, so that it can say what it waited for. */
const PATIENCE_MILLISECONDS = 100_000;
const OWN_FILES = ['', 'page.css', 'page.js'];
const newFolder = makeFolders();

let server: Server;
let browser: Browser;
let page: Page;
let session: CDPSession;
let downloads: string;
/** Every address that the page asked for, and all it complained of. */
let requests: string[];
let complaints: string[];

describe.runIf(HAS_CHROMIUM)('the page', () => {
  beforeAll(async () => {
    server = await serve(await buildPage(newFolder()));
    browser = await startChromium();
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  beforeEach(async () => {
    await page?.close();
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MILLISECONDS);
    [requests, complaints] = [[], []];
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => complaints.push(message.text()));
    session = await page.createCDPSession();
    downloads = newFolder();
    await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads });
    await page.goto(server.address);
  });

  test.each([
    ['resnet-v1', '4', 'last'],
    ['mobilenet-v2', '16', ''],
    ['quantized-uint8', '2.5', '1'],
  ])('writes of %s what the command line writes: ratio %s, without stage %s', async (name, ratio, skipped) => {
    const folder = copyFixture(name, newFolder());
    await dropFiles(filesIn(folder));
    await fill('#ratio', ratio);
    await fill('#skip-stages', skipped);
    const after = await retrofitted();
    expect(after).toEqual(
      await byCommandLine(folder, ['--ratio', ratio, ...(skipped === '' ? [] : ['--skip-stage', skipped])]),
    );
    expect(complaints).toEqual([]);
    expect([...requests].sort()).toEqual(OWN_FILES.map((name) => server.address + name));
  });

  test('takes a folder that is dropped, weights in folders of their own too', async () => {
    const model = buildModel();
    model.json.weightsManifest[0]!.paths = ['weights/of it/all.bin'];
    model.files = new Map([['weights/of it/all.bin', [...model.files.values()][0]!]]);
    const folder = join(newFolder(), 'net');
    writeBuilt(folder, model);
    await dropFiles([folder]);
    expect(await textOf('#model-name')).toBe('net/model.json');
    expect(await retrofitted('net-se')).toEqual(await byCommandLine(folder, []));
  });

  test('takes files that are chosen, and gives them back one by one', async () => {
    const folder = copyFixture('resnet-cifar', newFolder());
    await (await page.$('#files'))!.uploadFile(...filesIn(folder));
    await make();
    const names = await page.$$eval('#single-files a', (links) => links.map(({ textContent }) => textContent));
    expect(names).toEqual(['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin', 'se_modules.bin']);
    for (const [index, name] of names.entries()) {
      await page.click(`#single-files li:nth-child(${index + 1}) a`);
      await downloaded(name!);
    }
    expect(bytesIn(downloads)).toEqual(await byCommandLine(folder, []));
  });

  test('shows the stages, what they cost, and every module', async () => {
    await dropFiles(filesIn(copyFixture('resnet-v1', newFolder())));
    const rows = (table: string) =>
      page.$$eval(`${table} tr`, (lines) =>
        lines.map((line) => [...line.children].map(({ textContent }) => textContent)),
      );
    expect((await rows('#stages'))[2]).toEqual([
      '2',
      '8 x 8',
      '2',
      '2',
      '8 -> 2',
      '64',
      '1.1 k',
      'norm before doubled',
    ]);
    expect(await rows('#sites')).toHaveLength(1 + 6);
    expect(await textOf('#totals')).toMatch(/^6 modules: \+288 parameters/);
    await fill('#skip-stages', '4');
    await page.waitForFunction('document.querySelectorAll("#sites tr").length === 1 + 4');
    expect((await rows('#stages'))[4]![3]).toBe('skipped');
  });

  test('says in one line why there is nothing to do, and goes on with other options', async () => {
    await dropFiles(filesIn(copyFixture('resnet-cifar', newFolder())));
    await fill('#skip-stages', '9');
    await page.waitForSelector('#error:not([hidden])');
    expect(await textOf('#error')).toMatch(/^se-retrofit: [^\n]*stage 9[^\n]*$/);
    expect(await page.$('#plan:not([hidden])')).toBeNull();
    await fill('#skip-stages', 'last');
    await page.waitForSelector('#plan:not([hidden])');
    expect(await page.$('#error:not([hidden])')).toBeNull();
  });

  test.each([
    ['net.keras', Buffer.from('PK\x03\x04 and so on'), /no zip archive/],
    ['net.h5', Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), /HDF5 file is damaged/],
    ['<img src=x onerror=alert(1)>.keras', Buffer.from('PK\x03\x04'), /no zip archive/],
    ['model.json', Buffer.from('{"format": "graph-model"}'), /graph model/],
    ['model.json', Buffer.from('<!doctype html>'), /web page/],
    ['model.json', Buffer.from('{'), /model\.json/],
    ['weights.bin', Buffer.from('no model'), /not a model/],
  ])('refuses %s in one line', async (name, bytes, words) => {
    const path = join(newFolder(), name);
    writeFileSync(path, bytes);
    await dropFiles([path], '#error');
    const line = await textOf('#error');
    expect(line).toMatch(words);
    expect(line).toMatch(/^se-retrofit: [^\n]+$/);
    expect(line).toContain(name);
    expect(await page.$('img')).toBeNull();
    expect(complaints).toEqual([]);
  });

  test('a layer with the name of a program runs nothing: its name is text', async () => {
    const name = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
    const model = buildModel();
    renameLayer(model, 'b', name);
    const folder = join(newFolder(), name.replaceAll('/', '_'));
    writeBuilt(folder, model);
    await dropFiles([folder]);
    expect(await textOf('#sites')).toContain(name);
    await make();
    expect(await page.$$eval('img, body script', (found) => found.length)).toBe(0);
    expect(await page.title()).toBe('Squeeze-and-Excitation for TensorFlow.js models');
    // Neither was tried and stopped by the page's policy.
    expect(complaints).toEqual([]);
  });

  test('could not send anything if it wanted to', async () => {
    const isStopped = await page.evaluate(`fetch('${server.address}page.css').then(() => false, () => true)`);
    expect(isStopped).toBe(true);
    expect([...requests].sort()).toEqual(OWN_FILES.map((name) => server.address + name));
    expect(complaints.join()).toContain("default-src 'none'");
  });
});

const filesIn = (folder: string): readonly string[] => readdirSync(folder).map((name) => join(folder, name));

const textOf = (selector: string): Promise<string> => page.$eval(selector, ({ textContent }) => textContent ?? '');

async function fill(selector: string, text: string): Promise<void> {
  await page.$eval(
    selector,
    (input, value) => {
      (input as unknown as { value: string }).value = value;
      input.dispatchEvent(new Event('input', { bubbles: true }));
    },
    text,
  );
}

/** Drops files or folders of this machine onto the page, and waits for its answer. */
async function dropFiles(paths: readonly string[], answer = '#plan'): Promise<void> {
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 100, y: 100, data });
  }
  await page.waitForSelector(`${answer}:not([hidden])`);
}

async function make(): Promise<void> {
  await page.waitForSelector('#plan:not([hidden]) #make:not([disabled])');
  await page.click('#make');
  await page.waitForSelector('#result:not([hidden])');
}

/** Waits until a download is there, whole. */
async function downloaded(name: string): Promise<string> {
  const path = join(downloads, name);
  await expect.poll(() => existsSync(path), { timeout: PATIENCE_MILLISECONDS }).toBe(true);
  return path;
}

/** The new model's files, out of the archive that is downloaded. */
async function retrofitted(folderName?: string): Promise<ReadonlyMap<string, string>> {
  await make();
  await page.click('#zip a');
  const name = await page.$eval('#zip a', (link) => link.getAttribute('download')!);
  const archive = await nodeStorage.openZip(await nodeStorage.findFile(await downloaded(name)));
  const folder = newFolder();
  for (const member of archive.members) {
    const path = join(folder, member.name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await archive.read(member, 2 ** 24));
  }
  const [inside] = namesIn(folder);
  if (folderName !== undefined) expect(inside).toBe(`${folderName}/`);
  return bytesIn(join(folder, inside!.slice(0, -1)));
}

async function byCommandLine(folder: string, words: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const output = join(newFolder(), 'out');
  const result = await run([join(folder, 'model.json'), '-o', output, ...words]);
  expect(result.stderr).not.toMatch(/^se-retrofit:/m);
  expect(result.code).toBe(0);
  expect(readFileSync(join(output, 'model.json'), 'utf8')).toContain('se_');
  return bytesIn(output);
}
