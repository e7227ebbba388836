import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readModel, writeModel } from '../../src/web.js';
import { modelFolder } from '../support/fixtures.js';

const folder = modelFolder('vgg');
const read = (text: string) =>
  readModel([
    ['model.json', new TextEncoder().encode(text)],
    ['model.weights.bin', new Uint8Array(readFileSync(join(folder, 'model.weights.bin')))],
  ]);

// Python writes 8.0, which is a whole number for JavaScript alone.
test.each(['keras2', 'keras3'] as const)(
  'sizes with a decimal point are whole numbers in a file of %s',
  async (dialect) => {
    const text = readFileSync(join(folder, 'model.json'), 'utf8');
    const odd = text
      .replaceAll('"filters": 4,', '"filters": 4.0,')
      .replaceAll('"kernel_size": [3, 3]', '"kernel_size": [3.0, 3.0]')
      .replace('[null, 32, 32, 3]', '[null, 32.0, 32, 3]');
    expect(odd.length).toBeGreaterThan(text.length + 8);
    const [expected, written] = await Promise.all(
      [text, odd].map(async (given) => {
        const files = await writeModel(await read(given), { to: 'keras-json', dialect });
        const [json] = [...files.values()];
        return new Blob([json!]).text();
      }),
    );
    expect(written).toBe(expected);
  },
);
