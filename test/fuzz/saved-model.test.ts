import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RetrofitError } from '../../src/errors.js';
import { readFrom } from '../../src/formats/known-formats.js';
import type { Model } from '../../src/model/model.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { allValues } from '../support/all-values.js';
import { fixturePath, savedModelFixture } from '../support/checkpoint-files.js';
import { isAll } from '../support/is-all.js';

// Bytes of checkpoints and SavedModels changed, lost and doubled by a seeded generator: the answer is a refusal or, where
// nothing that is read has changed, the right one.

const SEED = 20_261_128;
const COUNT = isAll ? 5000 : 150;

type Files = ReadonlyMap<string, Uint8Array>;

const withArchitecture = (files: Files): Files =>
  new Map([...files, ['model.json', new Uint8Array(readFileSync(fixturePath('model.json')))]]);

const CASES: readonly (readonly [name: string, files: Files, read: (files: Files) => Promise<Model>])[] = [
  [
    'a checkpoint',
    withArchitecture(savedModelFixture('checkpoint')),
    (files) => readFrom(memoryStorage(files), 'model.json', { weights: '.' }),
  ],
  ['a folder of TensorFlow 2.1', savedModelFixture('tf-2.1'), (files) => readFrom(memoryStorage(files), '.', {})],
  ['a folder of TensorFlow 2.13', savedModelFixture('tf-2.13'), (files) => readFrom(memoryStorage(files), '.', {})],
];

test.each(CASES)(
  '%s',
  async (_, files, read) => {
    const expected = await allValues(await read(files));
    const random = generator(SEED);
    const names = [...files.keys()].filter((name) => !/^(model\.json|fingerprint\.pb)$/.test(name));
    const found = { refused: 0, read: 0 };
    for (let count = 0; count < COUNT; count++) {
      const name = names[random(names.length)]!;
      const spoiled = new Map([...files, [name, spoil(files.get(name)!, random)]]);
      try {
        const values = await allValues(await read(spoiled));
        // What a .pb says of layers has no checksum; the weights have.
        if (!name.endsWith('.pb')) expect(values).toEqual(expected);
        found.read++;
      } catch (error) {
        if (!(error instanceof RetrofitError) || error.kind !== 'input') throw error;
        found.refused++;
      }
    }
    expect(found.refused).toBeGreaterThan(0);
    expect(found.read).toBeGreaterThan(0);
  },
  isAll ? 600_000 : 60_000,
);

function spoil(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const at = random(bytes.length);
  switch (random(4)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(Math.max(0, at - random(40)))]);
    case 2:
      return bytes.with(at, random(256));
    default:
      return bytes.with(at, bytes[at]! ^ (1 << random(8)));
  }
}

/** Park and Miller's. */
function generator(seed: number): (below: number) => number {
  let state = seed % 2_147_483_647;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}
