import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackNsfwjs } from '../../scripts/unpack-nsfwjs.mjs';
import { readModel, writeModel } from '../../src/index.js';
import { fixturePath } from '../support/checkpoint-files.js';
import { BIN } from '../support/cli.js';
import { modelFolder } from '../support/fixtures.js';
import { writePictures } from '../support/labelled-pictures.js';

export const CLONE = fileURLToPath(new URL('../../', import.meta.url));

/** The classes of the small network's five outputs. */
const CLASSES = ['ant', 'bee', 'cat', 'dog', 'elk'];
const IMAGES_A_CLASS = 4;

/**
 * Makes the folder that the pages' blocks start in: real models and pictures under the names that the pages use.
 * - `model.json` and its weights, `model.keras`, `model.h5`; `net.json` with `net.weights.h5`, `net.keras`: a small ResNet
 * - `old-model/`: a SavedModel folder of TensorFlow 2.13
 * - `mobilenet/`: the trained MobileNet v2 of nsfwjs
 * - `images/`, `pictures/`: five folders of pictures
 * - `examples/`: that of the repository
 */
export async function makeTemplate(folder: string, python: string | undefined): Promise<void> {
  mkdirSync(folder);
  const source = modelFolder('resnet-v1');
  for (const name of readdirSync(source)) if (name !== 'expected.json') cpSync(join(source, name), join(folder, name));
  const model = await readModel(folder);
  for (const name of ['model.keras', 'model.h5', 'net.keras']) await writeModel(model, join(folder, name));
  await writeModel(model, join(folder, 'net.json'), { to: 'keras-json', dialect: 'keras3' });
  cpSync(fixturePath('tf-2.13'), join(folder, 'old-model'), { recursive: true });
  cpSync((await unpackNsfwjs()).mobilenet_v2!, join(folder, 'mobilenet'), {
    recursive: true,
    filter: (path) => !path.includes('model-se'),
  });
  for (const name of ['images', 'pictures']) await writePictures(join(folder, name), CLASSES, IMAGES_A_CLASS);
  symlinkSync(join(CLONE, 'examples'), join(folder, 'examples'));

  mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
  symlinkSync(CLONE, join(folder, 'node_modules', 'se-retrofit'));
  for (const name of ['@types', '@tensorflow', 'zod']) {
    symlinkSync(join(CLONE, 'node_modules', name), join(folder, 'node_modules', name));
  }
  writeProgram(join(folder, 'node_modules', '.bin', 'se-retrofit'), `"${process.execPath}" "${BIN}"`);
  if (python !== undefined) writeProgram(join(folder, 'node_modules', '.bin', 'python'), `"${python}"`);
}

function writeProgram(path: string, command: string): void {
  writeFileSync(path, `#!/bin/sh\nexec ${command} "$@"\n`);
  chmodSync(path, 0o755);
}

/** Makes a folder anew, as the template is. */
export function startAnew(folder: string, template: string): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(template, folder, { recursive: true, verbatimSymlinks: true });
}
