import { join } from 'node:path';
import { readModel, retrofit, writeModel } from '../../src/index.js';
import { makeFolders, type Result } from '../support/cli.js';
import { runHere } from '../support/cli-here.js';
import { modelFolder } from '../support/fixtures.js';
import { writePictures } from '../support/labelled-pictures.js';

export const CLASSES = ['a', 'b', 'c', 'd', 'e'];

/** Pictures of five classes, and models of five classes with modules, that nobody writes to. */
export interface TunePlace {
  readonly folder: string;
  readonly images: string;
  readonly model: (name: string) => string;
  /** A quick run; the words behind these win. */
  readonly tune: (name: string, output: string, ...words: readonly string[]) => Promise<Result>;
}

/** Of each class four pictures: three to train with, one to judge by. */
export async function makeTunePlace(): Promise<TunePlace> {
  const folder = makeFolders()();
  const images = join(folder, 'images');
  const model = (name: string) => join(folder, name);
  await writePictures(images, CLASSES, 4);
  await writePictures(join(folder, 'others'), CLASSES, 2);
  for (const name of ['resnet-dropout', 'quantized-uint8'])
    await writeModel(retrofit(await readModel(modelFolder(name)), { ratio: 2 }), model(name));
  const dropout = await readModel(model('resnet-dropout'));
  await writeModel(dropout, model('keras3.keras'));
  await writeModel(dropout, model('keras2.keras'), { dialect: 'keras2' });
  await writeModel(dropout, model('keras.h5'));
  const words = ['--backend', 'cpu', '--epochs', '2', '--batch', '8'];
  return {
    folder,
    images,
    model,
    tune: (name, output, ...own) => runHere(['tune', model(name), images, '-o', output, ...words, ...own]),
  };
}
