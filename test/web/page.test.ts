import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, CDPSession, FileChooser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPage, type Server, serve } from '../../scripts/example-web.mjs';
import { nodeStorage } from '../../src/storage/node/node-storage.js';
import { zipFiles } from '../../src/web.js';
import { HAS_CHROMIUM, startChromium } from '../support/chromium.js';
import { bytesIn, copyFixture, makeFolders, namesIn, run } from '../support/cli.js';
import { modelFolder } from '../support/fixtures.js';
import { buildModel, graph, input, layer, renameLayer, WEIGHT_FILE, writeBuilt } from '../support/model-builder.js';

// The page of examples/web in a real browser, as somebody uses it.

/** Less than a test has, so that it can say what it waited for. */
const PATIENCE_MILLISECONDS = 100_000;
const OWN_FILES = ['', 'look.css', 'network.css', 'page.css', 'page.js'];
/** What nobody on a page knows: flags, and the name of a program that is not there. */
const OF_COMMAND_LINES = /(^|[\s(])--?[a-z]|se-retrofit/i;
const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));
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
    // What lies in the browser itself is no request to anybody: the worker, and what is downloaded.
    page.on('request', (request) => request.url().startsWith('blob:') || requests.push(request.url()));
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
    await fill('ratio', ratio);
    await fill('skipStages', skipped);
    const after = await madeFolder();
    expect(after).toEqual(
      await byCommandLine([
        join(folder, 'model.json'),
        ...['--ratio', ratio],
        ...(skipped === '' ? [] : ['--skip-stage', skipped]),
      ]),
    );
    expect(complaints).toEqual([]);
    expect(requests.sort()).toEqual(OWN_FILES.map((name) => server.address + name));
  });

  test('puts modules into a .keras file, with all the options, and takes them out again', async () => {
    const stacked = join(FIXTURES, 'early-keras3/stacked.keras');
    await dropFiles([stacked]);
    await fill('ratio', '2');
    await fill('minUnits', '1');
    await fill('seed', '7');
    for (const [name, value] of [
      ['granularity', 'conv'],
      ['form', 'conv'],
      ['squeeze', 'max'],
    ] as const)
      await fill(name, value);
    await page.$eval('[name=bias]', (box) => (box as unknown as { click(): void }).click());
    const written = await madeFile();
    expect(basename(written)).toBe('stacked-se.keras');
    const flags = '--ratio 2 --min-units 1 --seed 7 --granularity conv --form conv --squeeze max --bias'.split(' ');
    expect(bytesIn(dirname(written))).toEqual(await byCommandLine([stacked, ...flags], 'stacked-se.keras'));
    expect(await textOf('#result-about')).toContain('It computes what the old one did, until it is trained.');

    await dropFiles([written], '#model');
    await choose('action', 'strip');
    const plain = await madeFile();
    expect(bytesIn(dirname(plain)).get(basename(plain))).toEqual(
      (await byCommandLine(['strip', written], 'plain.keras')).get('plain.keras'),
    );
    expect(complaints).toEqual([]);
  });

  test.each([
    ['a .keras file', 'early-keras3/stacked.keras', 'stacked-tfjs'],
    ['a legacy .h5 file', 'emotion-classifier/emotion_model.hdf5', 'emotion_model-tfjs'],
    ['a SavedModel', 'saved-model/tf-2.13', 'tf-2.13-tfjs'],
  ])('converts %s to TensorFlow.js, with the bytes of the command line', async (_, input, folderName) => {
    const path = join(FIXTURES, input);
    await dropFiles([statSync(path).isDirectory() ? await zipped(path) : path]);
    await choose('action', 'convert');
    expect(await madeFolder(folderName)).toEqual(await byCommandLine(['convert', path]));
    expect(complaints).toEqual([]);
  });

  test('a converted model is never offered under the name of the one that was opened', async () => {
    await dropFiles([join(FIXTURES, 'early-keras3/stacked.keras')]);
    await choose('action', 'convert');
    await choose('target', 'keras2');
    expect(basename(await madeFile())).toBe('stacked-keras2.keras');
  });

  test('converts a TensorFlow.js model to what Keras 3 and Keras 2 read, and stores weights in half the space', async () => {
    const folder = copyFixture('vgg-bn', newFolder());
    await dropFiles([folder]);
    await choose('action', 'convert');
    for (const [target, words, name] of [
      ['keras3', ['--dialect', 'keras3'], 'vgg-bn.keras'],
      ['keras2-h5', ['--dialect', 'keras2'], 'vgg-bn.h5'],
    ] as const) {
      await choose('target', target);
      const written = await madeFile();
      expect(basename(written)).toBe(name);
      // What is left out is said, as the command line says it.
      expect(await textOf('#result-notes')).toMatch(target === 'keras3' ? /compile settings are left out/ : /^$/);
      expect(bytesIn(dirname(written)).get(name)).toEqual(
        (await byCommandLine(['convert', folder, ...words], name)).get(name),
      );
    }
    await choose('target', 'tfjs');
    await fill('quantize', 'float16');
    expect(await madeFolder()).toEqual(await byCommandLine(['convert', folder, '--quantize', 'float16']));
  });

  test('an architecture and its weights become an architecture and its weights', async () => {
    const folder = newFolder();
    const made = await run([
      'convert',
      copyFixture('vgg', newFolder()),
      '-o',
      join(folder, 'net.weights.h5'),
      '--quiet',
    ]);
    expect(made.code).toBe(0);
    await dropFiles(['net.json', 'net.weights.h5'].map((name) => join(folder, name)));
    expect(await madeFolder()).toEqual(await byCommandLine([join(folder, 'net.json')], 'net-se.json'));
  });

  test('takes a folder that is dropped, weights in folders of their own too', async () => {
    const model = buildModel();
    model.json.weightsManifest[0]!.paths = ['weights/of it/all.bin'];
    model.files = new Map([['weights/of it/all.bin', [...model.files.values()][0]!]]);
    const folder = join(newFolder(), 'net');
    writeBuilt(folder, model);
    await dropFiles([folder]);
    expect(await textOf('#model-name')).toBe('net');
    expect(await madeFolder('net-se')).toEqual(await byCommandLine([join(folder, 'model.json')]));
  });

  test('of several models it says which one is open, and which others there are', async () => {
    const folder = newFolder();
    const stacked = join(folder, 'stacked.keras');
    writeFileSync(stacked, readFileSync(join(FIXTURES, 'early-keras3/stacked.keras')));
    await dropFiles([
      stacked,
      copyFixture('resnet-v1', folder),
      join(FIXTURES, 'emotion-classifier/emotion_model.hdf5'),
    ]);
    expect(await textOf('#model-name')).toBe('stacked.keras');
    expect(await textOf('#others')).toMatch(
      /The others are “(emotion_model.hdf5”, “resnet-v1|resnet-v1”, “emotion_model.hdf5)”/,
    );
    await dropFiles([stacked]);
    expect(await page.$('#others[hidden]')).not.toBeNull();
    // In an archive too.
    cpSync(join(FIXTURES, 'emotion-classifier/emotion_model.hdf5'), join(folder, 'emotion_model.hdf5'));
    await dropFiles([await zipped(folder)]);
    expect(await textOf('#others')).toMatch(/“emotion_model.hdf5”/);
  });

  test('of many it names the first, where none of them is the outermost', async () => {
    const folder = newFolder();
    const models = Array.from({ length: 9 }, (_, index) => join(folder, `net${index}.keras`));
    for (const path of models) writeFileSync(path, 'x');
    await dropFiles(models, '#error');
    expect(await textOf('#error')).toMatch(
      /^These are several models: “net0\.keras”.* and 3 more\. *Drop the files of one model only\.$/,
    );
  });

  test('a file that is no model leaves the open one as it was', async () => {
    const folder = newFolder();
    const [wrong, model] = [join(folder, 'notes.txt'), copyFixture('vgg', join(folder, 'vgg'))];
    writeFileSync(wrong, 'x');
    await dropFiles([model]);
    await fill('ratio', '2');
    await dropFiles([wrong], '#error');
    expect(await textOf('#model-name')).toBe('vgg');
    expect(await page.$('#model[hidden]')).toBeNull();
    expect(await madeFolder()).toEqual(await byCommandLine([join(model, 'model.json'), '--ratio', '2']));
  });

  test.each([
    ['text/uri-list', 'https://example.org/net.keras', 'You dropped an address, and no file.'],
    ['text/plain', 'net.keras', 'You dropped a text, and no file.'],
  ])('of what is no file, %s, it says so', async (type, text, words) => {
    await page.evaluate(
      `{ const data = new DataTransfer(); data.setData(${JSON.stringify(type)}, ${JSON.stringify(text)});
         document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true })); }`,
    );
    await page.waitForSelector('#error:not([hidden])');
    expect(await textOf('#error')).toContain(words);
    expect(await textOf('#error')).toContain('download the files of the model first');
  });

  test.each([
    ['stages', '2,last', ['--stage', '2,last']],
    ['include', '*block1*', ['--include', '*block1*']],
    ['exclude', '*block1*, nothing', undefined],
    ['at', 'conv1', undefined],
  ])('%s: the modules of the command line, or what is the matter beside the field', async (name, text, flags) => {
    const folder = copyFixture('resnet-v1', newFolder());
    await dropFiles(filesIn(folder));
    await page.click('#more summary');
    await fill(name, text);
    if (flags === undefined) {
      await page.waitForSelector(`#${name}-problem:not(:empty)`);
      expect(await textOf(`#${name}-problem`)).not.toMatch(OF_COMMAND_LINES);
      return;
    }
    expect(await madeFolder()).toEqual(await byCommandLine([join(folder, 'model.json'), ...flags]));
  });

  test('options that leave no place for a module have no plan, and cost nothing', async () => {
    await dropFiles(filesIn(copyFixture('vgg', newFolder())));
    await fill('skipStages', '1,2,3,4,5'.slice(0, 2 * (await page.$$('#stages tbody tr')).length - 1));
    await page.waitForSelector('#add-problem:not([hidden])');
    expect(await textOf('#add-problem')).toMatch(/^None of the \d+ blocks takes a module/);
    expect(await page.$('#plan[hidden]')).not.toBeNull();
    expect(await page.$('#make[disabled]')).not.toBeNull();
  });

  test('takes files that are chosen, and gives them back one by one', async () => {
    const folder = copyFixture('resnet-cifar', newFolder());
    await (await page.$('#files'))!.uploadFile(...filesIn(folder));
    await make();
    await page.click('#by-file summary');
    const names = await page.$$eval('#single-files a', (links) => links.map(({ textContent }) => textContent));
    expect(names).toEqual(['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin', 'se_modules.bin']);
    for (const [index, name] of names.entries()) {
      await page.click(`#single-files li:nth-child(${index + 1}) a`);
      await downloaded(name!);
    }
    expect(bytesIn(downloads)).toEqual(await byCommandLine([join(folder, 'model.json')]));
  });

  test('shows the network, the stages, what they cost, and every module', async () => {
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
    expect(await textOf('#costs')).toContain('+288');
    expect(await page.$$eval('#map svg rect.added', (pills) => pills.length)).toBe(6);
    expect(await page.$eval('#map svg', (svg) => svg.getAttribute('aria-label'))).toMatch(/6 modules to add/);
    await fill('skipStages', '4');
    await page.waitForFunction('document.querySelectorAll("#sites tr").length === 1 + 4');
    expect((await rows('#stages'))[4]![3]).toBe('skipped');
    expect(await page.$$eval('#map svg rect.added', (pills) => pills.length)).toBe(4);
    await choose('action', 'convert');
    await page.waitForFunction('document.querySelectorAll("#map svg rect.added").length === 0');
  });

  test('has a model for those who have none', async () => {
    await page.click('#sample');
    await page.waitForSelector('#make:not([disabled])');
    expect(await textOf('#model-name')).toBe('mobilenet-v2');
    expect(await madeFolder('mobilenet-v2-se')).toEqual(await byCommandLine([modelFolder('mobilenet-v2')]));
    expect(requests.sort()).toEqual(OWN_FILES.map((name) => server.address + name));
  });

  test.each([
    ['skipStages', 'lst', /“lst” is no stage/],
    ['skipStages', '9', /There is no stage 9: the network has the stages 1 to 4/],
    ['ratio', '', /number from 1 to 4096/],
    ['ratio', '0.', /number from 1 to 4096/],
    ['seed', '1.5', /whole number from 0/],
  ])('%s: "%s" keeps the plan, and says beside the field what is the matter', async (name, text, words) => {
    await dropFiles(filesIn(copyFixture('resnet-v1', newFolder())));
    await fill('skipStages', '3');
    await page.waitForFunction('document.querySelectorAll("#sites tr").length === 1 + 4');
    const before = await textOf('#plan');
    await fill(name, text);
    await page.waitForSelector(`#${name}-problem:not(:empty)`);
    const problem = await textOf(`#${name}-problem`);
    expect(problem).toMatch(words);
    expect(problem).not.toMatch(OF_COMMAND_LINES);
    expect(await page.$eval(`[name=${name}]`, (field) => field.getAttribute('aria-invalid'))).toBe('true');
    expect(await page.$('#make:not([disabled])')).toBeNull();
    expect(await textOf('#plan')).toBe(before);
    expect(await page.$$eval('#map svg rect.added', (pills) => pills.length)).toBe(4);
    expect(await page.$('#plan[hidden], #error:not([hidden]), #action-error:not([hidden])')).toBeNull();
    await fill('ratio', '8');
    await fill('seed', '1');
    await fill('skipStages', 'last');
    await page.waitForSelector('#make:not([disabled])');
    expect(await textOf(`#${name}-problem`)).toBe('');
    expect(await textOf('#plan')).not.toBe(before);
  });

  test('a network without a place for a module says so, and is converted all the same', async () => {
    const folder = newFolder();
    writeBuilt(folder, denseModel());
    await dropFiles([folder], '#add-problem');
    expect(await textOf('#add-problem')).toMatch(/^No block was found.*can still be converted\.$/);
    expect(await textOf('#add-problem')).not.toMatch(OF_COMMAND_LINES);
    await choose('action', 'convert');
    await choose('target', 'keras3');
    await madeFile();
  });

  test.each([
    ['net.keras', Buffer.from('PK\x03\x04 and so on'), /no zip archive/i],
    ['net.zip', Buffer.from('PK\x03\x04 and so on'), /no zip archive/i],
    ['net.h5', Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), /HDF5 file is damaged/],
    ['<img src=x onerror=alert(1)>.keras', Buffer.from('PK\x03\x04'), /no zip archive/i],
    ['model.json', Buffer.from('{"format": "graph-model"}'), /graph model/],
    ['model.json', Buffer.from('<!doctype html>'), /web page/],
    ['model.json', Buffer.from('{'), /model\.json/],
    ['weights.bin', Buffer.from('no model'), /not a model/],
    ['net.json', Buffer.from('{"class_name": "Sequential", "config": {"name": "a", "layers": []}}'), /net\.json/],
  ])('refuses %s in a few words', async (name, bytes, words) => {
    const path = join(newFolder(), name);
    writeFileSync(path, bytes);
    await dropFiles([path], '#error');
    const text = await textOf('#error');
    expect(text).toMatch(words);
    expect(text).toContain(name);
    expect(text).not.toMatch(OF_COMMAND_LINES);
    expect(await page.$('img')).toBeNull();
    expect(complaints).toEqual([]);
  });

  test('a layer with the name of a program runs nothing: its name is text', async () => {
    const name = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
    const model = buildModel();
    renameLayer(model, 'b', name);
    const folder = join(newFolder(), name.replaceAll('/', '_'));
    writeBuilt(folder, model);
    const title = await page.title();
    await dropFiles([folder]);
    expect(await textOf('#sites')).toContain(name);
    await make();
    expect(await page.$$eval('img, body script', (found) => found.length)).toBe(0);
    expect(await page.title()).toBe(title);
    // Neither was tried and stopped by the page's policy.
    expect(complaints).toEqual([]);
  });

  test('does everything by keyboard, and says what happened', async () => {
    const folder = copyFixture('resnet-cifar', newFolder());
    const focused = () =>
      page.evaluate('document.activeElement.id || document.activeElement.name || document.activeElement.textContent');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('files');
    // The key sometimes overtakes the order to hand choosers over: that comes first, and the key until there is one.
    await session.send('Page.setInterceptFileChooserDialog', { enabled: true });
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 100))');
    const handedOver = page.waitForFileChooser();
    let chooser: FileChooser | undefined;
    while (chooser === undefined) {
      await page.keyboard.press('Space');
      chooser = await Promise.race([handedOver, setTimeout(2000, undefined)]);
    }
    await chooser.accept([...filesIn(folder)]);
    await page.waitForSelector('#make:not([disabled])');
    expect(await focused()).toBe('model-name');
    expect(await textOf('#status')).toMatch(/^model\.json: \d+ layers, 6 blocks\.$/);
    const tabTo = async (name: string) => {
      for (let presses = 0; (await focused()) !== name; presses++) {
        if (presses > 30) throw new Error(`no way to ${name} by keyboard: at ${await focused()}`);
        await page.keyboard.press('Tab');
      }
    };
    await tabTo('ratio');
    await page.keyboard.type('2');
    await tabTo('skipStages');
    await page.keyboard.type('1');
    await page.waitForSelector('#make:not([disabled])');
    await tabTo('make');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#result:not([hidden])');
    expect(await focused()).toBe('result-title');
    expect(await textOf('#status')).toBe('Ready: model-se.zip.');
    await tabTo('Download model-se.zip');
    await page.keyboard.press('Enter');
    const files = await unzipped(await downloaded('model-se.zip'));
    expect(files).toEqual(await byCommandLine([join(folder, 'model.json'), '--ratio', '2', '--skip-stage', '1']));
  });

  test('can be stopped, and goes on with the same model', async () => {
    await page.evaluate(`{
      const send = Worker.prototype.postMessage;
      Worker.prototype.postMessage = function (data) {
        if (!(data.task === 'make' && window.isHeld)) send.call(this, data);
      };
      window.isHeld = true;
    }`);
    const folder = copyFixture('vgg', newFolder());
    await dropFiles([folder]);
    await page.waitForSelector('#make:not([disabled])');
    await page.click('#make');
    await page.waitForSelector('#busy:not([hidden])');
    expect(await textOf('#busy-words')).toBe('Writing the new model');
    for (const stop of [() => page.click('#cancel'), () => page.keyboard.press('Escape')]) {
      await page.waitForSelector('#busy:not([hidden])');
      await stop();
      await page.waitForSelector('#busy', { hidden: true });
      expect(await textOf('#status')).toBe('Cancelled.');
      expect(await page.evaluate('document.activeElement.id')).toBe('make');
      await page.keyboard.press('Enter');
    }
    await page.waitForSelector('#busy:not([hidden])');
    await page.keyboard.press('Escape');
    await page.evaluate('window.isHeld = false');
    expect(await madeFolder()).toEqual(await byCommandLine([join(folder, 'model.json')]));
  });

  test.each([400, 1400])('has room on a screen of %d pixels', async (width) => {
    await page.setViewport({ width, height: 900 });
    await dropFiles(filesIn(copyFixture('densenet', newFolder())));
    for (const action of ['add', 'convert', 'strip']) {
      await choose('action', action);
      await page.$$eval('details', (all) => {
        for (const each of all as unknown as { open: boolean }[]) each.open = true;
      });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
  });

  test('could not send anything if it wanted to, and neither could its worker', async () => {
    const attempt = `fetch('${server.address}page.css').then(() => 'sent', () => 'stopped')`;
    expect(await page.evaluate(attempt)).toBe('stopped');
    const fromWorker = `new Promise((resolve) => {
      const source = ${JSON.stringify(`${attempt}.then(postMessage)`)};
      new Worker(URL.createObjectURL(new Blob([source]))).onmessage = ({ data }) => resolve(data);
    })`;
    expect(await page.evaluate(fromWorker)).toBe('stopped');
    // No other worker is there to be had.
    expect(
      await page.evaluate(`new Promise((resolve) => {
      const worker = new Worker('page.js');
      worker.onerror = () => resolve('stopped');
      setTimeout(() => resolve('started'), 2000);
    })`),
    ).toBe('stopped');
    expect(requests.sort()).toEqual(OWN_FILES.map((name) => server.address + name));
    expect(complaints.join()).toContain("default-src 'none'");
  });
});

/** A network without convolutions. */
function denseModel() {
  const model = buildModel();
  const dense = layer('Dense', 'd', { units: 2, activation: 'linear', use_bias: false }, ['x']);
  model.json.modelTopology.config = graph('net', [input('x', [4]), dense], ['x'], ['d']);
  model.json.weightsManifest = [
    { paths: [WEIGHT_FILE], weights: [{ name: 'd/kernel', shape: [4, 2], dtype: 'float32' }] },
  ];
  model.files = new Map([[WEIGHT_FILE, new Uint8Array(32)]]);
  return model;
}

const filesIn = (folder: string): readonly string[] => readdirSync(folder).map((name) => join(folder, name));

const textOf = (selector: string): Promise<string> => page.$eval(selector, ({ textContent }) => textContent ?? '');

/** Types into a field, or chooses from its list. */
async function fill(name: string, text: string): Promise<void> {
  await page.$eval(
    `[name=${name}]`,
    (input, value) => {
      (input as unknown as { value: string }).value = value;
      input.dispatchEvent(new Event('input', { bubbles: true }));
    },
    text,
  );
}

const choose = (name: string, value: string): Promise<void> =>
  page.$eval(`[name=${name}][value=${value}]`, (button) => (button as unknown as { click(): void }).click());

/** Drops files or folders of this machine onto the page, and waits for its answer. */
async function dropFiles(paths: readonly string[], answer = '#costs:not(:empty)'): Promise<void> {
  await page.evaluate('document.getElementById("costs").replaceChildren()');
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 100, y: 100, data });
  }
  await page.waitForSelector(`${answer}:not([hidden])`);
}

async function make(): Promise<void> {
  await page.waitForSelector('#make:not([disabled])');
  await page.click('#make');
  await page.waitForSelector('#result:not([hidden])');
}

/** Waits until a download is there, whole. */
async function downloaded(name: string): Promise<string> {
  const path = join(downloads, name);
  // An empty file keeps its place until then.
  await expect.poll(() => existsSync(path) && statSync(path).size > 0, { timeout: PATIENCE_MILLISECONDS }).toBe(true);
  return path;
}

/** Downloads the new model: one file. */
async function madeFile(): Promise<string> {
  await make();
  await page.click('#download a');
  const name = await page.$eval('#download a', (link) => link.getAttribute('download')!);
  return downloaded(name);
}

/** The new model's files, out of the archive that is downloaded. */
const madeFolder = async (folderName?: string) => unzipped(await madeFile(), folderName);

/** What is in an archive; without the folder that all of it lies in. */
async function unzipped(path: string, folderName?: string): Promise<ReadonlyMap<string, string>> {
  const archive = await nodeStorage.openZip(await nodeStorage.findFile(path));
  const folder = newFolder();
  for (const member of archive.members) {
    const file = join(folder, member.name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await archive.read(member, 2 ** 24));
  }
  const [inside] = namesIn(folder);
  if (folderName !== undefined) expect(inside).toBe(`${folderName}/`);
  return bytesIn(inside!.endsWith('/') ? join(folder, inside!.slice(0, -1)) : folder);
}

/** A folder as an archive, as people pack it. */
async function zipped(folder: string): Promise<string> {
  const path = join(newFolder(), `${basename(folder)}.zip`);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  const members = files.map((name) => [`${basename(folder)}/${name}`, readFileSync(join(folder, name))] as const);
  writeFileSync(path, Buffer.from(await (await zipFiles(members)).arrayBuffer()));
  return path;
}

/** What the command line writes; of one file the folder that it lies in. */
async function byCommandLine(words: readonly string[], name = 'out'): Promise<ReadonlyMap<string, string>> {
  const folder = newFolder();
  const result = await run([...words, '-o', join(folder, name)]);
  expect(result.stderr).not.toMatch(/^se-retrofit:/m);
  expect(result.code).toBe(0);
  return bytesIn(name === 'out' ? join(folder, name) : folder);
}
