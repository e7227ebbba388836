import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readModel, retrofit, tuneReportSchema, writeModel } from '../../src/index.js';
import { runProgram } from '../support/cli.js';
import { runHere } from '../support/cli-here.js';
import { modelFolder } from '../support/fixtures.js';
import { writePictures } from '../support/labelled-pictures.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { listBlocks } from './fenced-blocks.js';
import { CLONE } from './working-folder.js';

// The guide's way to serve one base and many adapters, over HTTP, by its own block.

/** Serves a site, loads both models of it by the block and as they were written, and tells what they give and asked for. */
const PAGE = `
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { loadAdapted } from './block.mjs';
let asked = [];
const server = createServer(async ({ url }, answer) => {
  asked.push(url);
  answer.end(await readFile('.' + url));
}).listen(0, '127.0.0.1');
await new Promise((listening) => server.once('listening', listening));
const address = 'http://127.0.0.1:' + server.address().port;
const images = tf.randomUniform([4, 32, 32, 3], 0, 1, 'float32', 7);
const found = [];
for (const name of ['flowers', 'animals']) {
  asked = [];
  const adapted = await loadAdapted(address + '/site', name);
  const files = asked.slice();
  const written = await loadLayersModel(address + '/' + name + '/model.json');
  found.push({
    files,
    outputs: Array.from(adapted.predict(images).dataSync()),
    expected: Array.from(written.predict(images).dataSync()),
    classes: adapted.getUserDefinedMetadata().se_retrofit.classes,
  });
}
server.close();
console.log(JSON.stringify(found));
`;

test('one base and two adapters give what the two models give', async () => {
  const folder = temporaryFolder();
  const page = readFileSync(join(CLONE, 'docs/guides/tensorflowjs.md'), 'utf8');
  const [block, ...more] = listBlocks(page).filter(({ code }) => code.includes('weightUrlConverter'));
  expect(more).toEqual([]);
  await writeModel(retrofit(await readModel(modelFolder('resnet-v1'))), join(folder, 'model-se'));
  const classes = { flowers: ['aster', 'briar', 'clover'], animals: ['ant', 'bee', 'cat', 'dog'] };
  mkdirSync(join(folder, 'site', 'base'), { recursive: true });
  const bases: Map<string, string>[] = [];
  for (const [name, own] of Object.entries(classes)) {
    await writePictures(join(folder, `${name}-images`), own, 4);
    const { stdout } = await runHere([
      ...['tune', join(folder, 'model-se'), join(folder, `${name}-images`), '-o', join(folder, name)],
      ...['--head', 'new', '--epochs', '4', '--learning-rate', '0.02', '--backend', 'wasm', '--json'],
    ]);
    const { output, best } = tuneReportSchema.parse(JSON.parse(stdout));
    expect(best).toBeGreaterThan(0);
    expect(output.changed).toEqual(expect.arrayContaining(['se_modules.bin', 'se_head.bin']));
    mkdirSync(join(folder, 'site', name));
    const files = readdirSync(join(folder, name));
    const shared = files.filter((file) => file.startsWith('group'));
    for (const file of files)
      cpSync(join(folder, name, file), join(folder, 'site', shared.includes(file) ? 'base' : name, file));
    bases.push(new Map(shared.map((file) => [file, readFileSync(join(folder, name, file), 'base64')])));
  }
  // Byte for byte.
  expect(bases[1]).toEqual(bases[0]);
  expect(bases[0]!.size).toBeGreaterThan(0);

  writeFileSync(join(folder, 'block.mjs'), block!.code);
  writeFileSync(join(folder, 'page.mjs'), PAGE);
  symlinkSync(join(CLONE, 'node_modules'), join(folder, 'node_modules'));
  const { code, stdout, stderr } = await runProgram(process.execPath, ['page.mjs'], { cwd: folder });
  expect(code, stderr).toBe(0);
  const found = JSON.parse(stdout.split('\n').find((line) => line.startsWith('['))!);
  for (const [index, [name, own]] of Object.entries(classes).entries()) {
    const { files, outputs, expected, classes: named } = found[index];
    expect(outputs).toEqual(expected);
    expect(outputs).toHaveLength(4 * own.length);
    expect(named).toEqual(own);
    const base = [...bases[0]!.keys()].map((file) => `/site/base/${file}`);
    const adapter = ['model.json', 'se_modules.bin', 'se_head.bin'].map((file) => `/site/${name}/${file}`);
    expect(files.sort()).toEqual([...base, ...adapter].sort());
  }
});
