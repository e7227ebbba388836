import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as library from '../../src/index.js';
import { HAS_CHROMIUM, startChromium } from '../support/chromium.js';
import { bytesIn, makeFolders } from '../support/cli.js';

// Keras' own files in a real browser, on a page and in a web worker: what comes out is what comes off the disk.

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FIXTURES = join(ROOT, 'fixtures');
const ORIGIN = 'http://example.test/';
const newFolder = makeFolders();

/** Takes files and options, gives the digests of what is written. */
const SCRIPT = `
import { readModel, retrofit, writeModel } from ${JSON.stringify(join(ROOT, 'src/web.ts'))};
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
globalThis.convert = async (files, keeps, options) => {
  const model = await readModel(files);
  const written = await writeModel(keeps ? model : retrofit(model, { ratio: 4 }), options);
  const texts = [];
  for (const [name, content] of written) texts.push([name, hex(await new Blob([content]).arrayBuffer())]);
  return texts;
};
`;
const WORKER = `${SCRIPT}
onmessage = ({ data }) => convert(...data).then(postMessage, (error) => postMessage(String(error)));
`;
const PAGE = `${SCRIPT}
globalThis.convertInWorker = (...data) => new Promise((resolve, reject) => {
  const worker = new Worker('worker.js', { type: 'module' });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => reject(new Error(event.message));
  worker.postMessage(data);
});
globalThis.load = (files) => Promise.all(
  files.map(async ([path, address]) => [path, await (await fetch(address)).blob()]),
);
globalThis.isReady = true;
`;

async function bundled(script: string): Promise<string> {
  const input = join(newFolder(), 'script.js');
  writeFileSync(input, script);
  const bundle = await rolldown({
    input,
    platform: 'browser',
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    logLevel: 'silent',
  });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  await bundle.close();
  return output[0].code;
}

/** The files at a path in the fixtures, by the names that a browser gives them. */
function namesOf(input: string): readonly string[] {
  if (!statSync(join(FIXTURES, input)).isDirectory()) return [input];
  const names = readdirSync(join(FIXTURES, input), { recursive: true, encoding: 'utf8' });
  return names.map((name) => `${input}/${name}`).filter((path) => statSync(join(FIXTURES, path)).isFile());
}

let browser: Browser;
let page: Page;

describe.runIf(HAS_CHROMIUM)('in a browser', () => {
  beforeAll(async () => {
    const scripts = new Map([
      ['page.js', await bundled(PAGE)],
      ['worker.js', await bundled(WORKER)],
    ]);
    browser = await startChromium();
    page = await browser.newPage();
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      const name = decodeURIComponent(request.url().slice(ORIGIN.length));
      const script = scripts.get(name);
      if (name === '')
        request.respond({ contentType: 'text/html', body: '<script type="module" src="page.js"></script>' });
      else if (script !== undefined) request.respond({ contentType: 'text/javascript', body: script });
      else request.respond({ body: readFileSync(join(FIXTURES, name)) });
    });
    await page.goto(ORIGIN);
    await page.waitForFunction('globalThis.isReady');
  });

  afterAll(async () => {
    await browser?.close();
  });

  test.each([
    ['early-keras3/stacked.keras', 'a .keras file', 'out', {}],
    ['checkpoint-layout/keras-2.13.keras', 'a compressed one', 'out.keras', { dialect: 'keras3' }],
    ['emotion-classifier/emotion_model.hdf5', 'a legacy .h5 file', 'out', {}],
    ['saved-model/model.h5', 'a legacy .h5 file', 'out.h5', {}],
    ['saved-model/tf-2.13', 'a SavedModel folder', 'out', {}],
    ['models/resnet-v1', 'a TensorFlow.js folder', 'out.keras', {}],
  ] as const)('%s, %s, is written as %s', async (input, _, output, options) => {
    const expected = async (keeps: boolean) => {
      const folder = newFolder();
      const model = await library.readModel(join(FIXTURES, input));
      const path = join(folder, output);
      await library.writeModel(keeps ? model : library.retrofit(model, { ratio: 4 }), path, options);
      return bytesIn(folder);
    };
    const files = JSON.stringify(namesOf(input).map((path) => [path, ORIGIN + encodeURI(path)]));
    const request = JSON.stringify({ output, ...options });
    for (const convert of ['convert', 'convertInWorker'])
      for (const keeps of [true, false]) {
        const found = await page.evaluate(`load(${files}).then((files) => ${convert}(files, ${keeps}, ${request}))`);
        if (!Array.isArray(found)) throw new Error(String(found));
        const folder = newFolder();
        mkdirSync(join(folder, 'out'));
        if (output !== 'out') rmSync(join(folder, 'out'), { recursive: true });
        for (const [name, hex] of found as [string, string][])
          writeFileSync(join(folder, output === 'out' ? 'out' : '', name), Buffer.from(hex, 'hex'));
        expect(bytesIn(folder)).toEqual(await expected(keeps));
      }
  });
});
