import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readModel, writeModel } from '../../src/index.js';
import { buildModel, groupOf, layerOf, WEIGHT_FILE, writeBuilt } from '../support/model-builder.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// Texts among the weights of a TensorFlow.js model: each is its length and its bytes, and so is found what lies behind.

const folder = temporaryFolder();

const text = (value: string): Uint8Array => {
  const bytes = new TextEncoder().encode(value);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length, true);
  return Uint8Array.from([...length, ...bytes]);
};

test('texts in front of numbers move nothing', async () => {
  const model = buildModel();
  layerOf(model, 'sum').class_name = 'SomebodysSum';
  const numbers = model.files.get(WEIGHT_FILE)!;
  const texts = Uint8Array.from(['words', '', 'ä'.repeat(150)].flatMap((value) => [...text(value)]));
  groupOf(model).weights.unshift({ name: 'sum/words', shape: [3], dtype: 'string' });
  model.files.set(WEIGHT_FILE, Uint8Array.from([...texts, ...numbers]));
  const place = writeBuilt(join(folder, 'texts'), model);
  const read = await readModel(place);
  await writeModel(read, join(folder, 'again'));
  expect(new Uint8Array(readFileSync(join(folder, 'again', WEIGHT_FILE)))).toEqual(model.files.get(WEIGHT_FILE));
});
