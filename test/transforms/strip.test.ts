import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type RetrofitOptions, readModel, retrofit, strip, writeModel } from '../../src/index.js';
import { bytesIn } from '../support/cli.js';
import { MODEL_NAMES, modelFolder, readFixture } from '../support/fixtures.js';
import { retrofitFixture } from '../support/retrofitted.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();
let count = 0;
const newPath = () => join(folder, `plain-${count++}`);

const OPTIONS: readonly Partial<RetrofitOptions>[] = [
  { ratio: 2 },
  { granularity: 'conv' },
  { granularity: 'stage', squeeze: 'max' },
  { form: 'conv', bias: true },
  { placement: 'pre' },
  { placement: 'post' },
  { placement: 'identity' },
  { init: 'paper' },
];

/** What an optimizer kept cannot come back: `add` leaves it out. */
const WITH_OPTIMIZER: readonly string[] = ['tfjs-saved-trained', 'optimizer-end', 'optimizer-middle'];

async function bytesBefore(name: string): Promise<ReadonlyMap<string, string>> {
  const original = bytesIn(modelFolder(name));
  if (!WITH_OPTIMIZER.includes(name)) {
    return new Map([...original].filter(([file]) => file !== 'expected.json'));
  }
  const path = newPath();
  await writeModel(await readFixture(name), path);
  return bytesIn(path);
}

async function bytesAfter(path: string): Promise<ReadonlyMap<string, string>> {
  const output = newPath();
  await writeModel(strip(await readModel(path)), output);
  return bytesIn(output);
}

describe('straight after a retrofit every byte is back', () => {
  test.each(MODEL_NAMES)('%s', async (name) => {
    const before = await bytesBefore(name);
    let tried = 0;
    for (const options of OPTIONS) {
      const after = await retrofitFixture(name, options, folder);
      if (after === undefined) continue;
      tried++;
      expect(await bytesAfter(after.output), JSON.stringify(options)).toEqual(before);
      // The same in memory, where nothing was written between.
      const model = await readFixture(name);
      const output = newPath();
      await writeModel(strip(retrofit(model, options)), output);
      expect(bytesIn(output), `in memory: ${JSON.stringify(options)}`).toEqual(before);
    }
    expect(tried > 0 || WITHOUT_SITES.includes(name)).toBe(true);
  });
});

/** Models that hold a module in every block already, or whose dimensions TensorFlow.js cannot pool. */
const WITHOUT_SITES: readonly string[] = ['conv3d-plain', 'efficientnet-like', 'hard-sigmoid-se', 'se-already'];
