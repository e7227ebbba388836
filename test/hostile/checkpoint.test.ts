import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { RetrofitError } from '../../src/errors.js';
import { readFrom } from '../../src/formats/known-formats.js';
import { readTable } from '../../src/formats/saved-model/sstable.js';
import { memoryStorage } from '../../src/storage/memory.js';
import * as web from '../../src/web.js';
import { allValues } from '../support/all-values.js';
import {
  type Entry,
  field,
  fixturePath,
  GRAPH_KEY,
  joined,
  type Parts,
  putTogether,
  savedModelFixture,
  type TableOptions,
  takeApart,
  varint,
  writeTable,
} from '../support/checkpoint-files.js';

// docs/HOSTILE.md, rows 26 and 27: checkpoints that no TensorFlow wrote. All checksums are right where nothing else is said.

const INDEX = 'net.index';
const DATA = 'net.data-00000-of-00001';
const files = savedModelFixture('checkpoint');
const architecture = new Uint8Array(readFileSync(fixturePath('model.json')));
const whole = (): Parts => takeApart(files.get(INDEX)!.slice(), files.get(DATA)!.slice());

const storageOf = (index: Uint8Array, data: Uint8Array, dataName = DATA) =>
  memoryStorage([
    ['model.json', architecture],
    [INDEX, index],
    [dataName, data],
  ]);

async function expectRefused(storage: ReturnType<typeof memoryStorage>, code: string, words: RegExp): Promise<void> {
  const error = await readFrom(storage, 'model.json', { weights: 'net' })
    .then(allValues)
    .then(
      () => undefined,
      (found: unknown) => found,
    );
  expect(error).toBeInstanceOf(RetrofitError);
  expect(error).toMatchObject({ kind: 'input', code });
  const { message, hint, where } = error as RetrofitError;
  expect(message).toMatch(words);
  expect(hint).toMatch(/\w{3,}/);
  expect(where.file).toMatch(/^(net\.|model\.json)/);
}

const KERNEL = 'layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE';
const kernelOf = ({ entries }: Parts): Entry => entries.get(KERNEL)!;
const lastOf = ({ entries }: Parts): Entry => [...entries.values()].toSorted((a, b) => b.offset - a.offset)[0]!;

/** The object of a layer, by the rank among all of the model. */
function childOf({ nodes }: Parts, ...path: readonly string[]) {
  let id = 0;
  for (const name of path) id = nodes[id]!.children.find(([child]) => child === name)![1];
  return nodes[id]!;
}

type Row = readonly [name: string, spoil: (parts: Parts) => unknown, code: string, words: RegExp];

describe('an index', () => {
  test.each<Row>([
    ['in compressed blocks', () => ({ kind: 1 }), 'bad-bundle', /compressed/],
    [
      'that is big-endian',
      (parts) => {
        parts.header = joined(parts.header, field(2, 1));
      },
      'bad-bundle',
      /big-endian/,
    ],
    [
      'without a count of files',
      (parts) => {
        parts.header = new Uint8Array();
      },
      'bad-bundle',
      /0 files/,
    ],
    [
      'of a million files',
      (parts) => {
        parts.header = field(1, 1e6);
      },
      'bad-bundle',
      /1000000 files/,
    ],
    [
      'of files that are not there',
      (parts) => {
        parts.header = field(1, 2);
      },
      'weights-missing',
      /of-00002/,
    ],
    [
      'with a tensor in a file beyond the last',
      (parts) => {
        kernelOf(parts).shard = 1;
      },
      'bad-bundle',
      /kernel.* lies in the file 1 of 1/,
    ],
    [
      'with slices',
      (parts) => {
        kernelOf(parts).extra = field(7, '');
      },
      'bad-bundle',
      /kernel.* slices/,
    ],
    [
      'with an unknown dtype',
      (parts) => {
        kernelOf(parts).dtype = 77;
      },
      'bad-bundle',
      /DT_77/,
    ],
    [
      'with texts for numbers',
      (parts) => {
        kernelOf(parts).dtype = 7;
      },
      'bad-bundle',
      /no numbers/,
    ],
    [
      'with another dtype',
      (parts) => {
        kernelOf(parts).dtype = 2;
      },
      'bad-bundle',
      /432 bytes.* 864/,
    ],
    [
      'with a shape beyond the bytes',
      (parts) => {
        kernelOf(parts).shape = [3, 3, 3, 400];
      },
      'bad-bundle',
      /432 bytes.* 43200/,
    ],
    [
      'with a negative size',
      (parts) => {
        kernelOf(parts).shape = [3, 3, 3, 2 ** 63];
      },
      'bad-bundle',
      /negative size/,
    ],
    [
      'with sizes whose product no computer holds',
      (parts) => {
        kernelOf(parts).shape = [2 ** 52, 2 ** 52];
      },
      'bad-bundle',
      /more elements/,
    ],
    [
      'with a tensor behind the end of the values',
      (parts) => {
        kernelOf(parts).offset = 1e9;
      },
      'weights-size',
      /kernel.* ends at byte 1000000432/,
    ],
    [
      'with a tensor across the end of the values',
      (parts) => {
        const last = lastOf(parts);
        parts.data = parts.data.subarray(0, last.offset + 1);
        last.offset = 1e5;
      },
      'weights-size',
      /ends at byte/,
    ],
    [
      'with an offset beyond all bounds',
      (parts) => {
        kernelOf(parts).offset = 2 ** 62;
      },
      'bad-bundle',
      /no file/,
    ],
    [
      'with two tensors in one place',
      (parts) => {
        kernelOf(parts).offset += 4;
      },
      'bad-bundle',
      /lies where ".*" does/,
    ],
    [
      'with another checksum of a tensor',
      (parts) => {
        kernelOf(parts).checksum ^= 1;
      },
      'bad-bundle',
      /checksum/,
    ],
    [
      'with values that changed',
      (parts) => {
        parts.data[kernelOf(parts).offset]! ^= 1;
      },
      'bad-bundle',
      /checksum/,
    ],
    [
      'without a tensor that is asked for',
      (parts) => {
        parts.entries.delete(KERNEL);
      },
      'bad-bundle',
      /is missing/,
    ],
    [
      'with an entry that is no message',
      (parts) => {
        kernelOf(parts).extra = Uint8Array.from(Array(11).fill(0xff));
      },
      'bad-protobuf',
      /no end/,
    ],
    [
      'with a length beyond its message',
      (parts) => {
        kernelOf(parts).extra = Uint8Array.from([0x3a, ...varint(2 ** 40)]);
      },
      'bad-protobuf',
      /no end/,
    ],
  ])('%s', async (_, spoil, code, words) => {
    const parts = whole();
    const { index, data } = putTogether(parts, spoil(parts) as TableOptions | undefined);
    await expectRefused(storageOf(index, data), code, words);
  });

  test.each<readonly [name: string, spoil: (index: Uint8Array) => Uint8Array, words: RegExp]>([
    ['that is cut short', (index) => index.subarray(8), /damaged|checksum/],
    ['whose blocks lie behind its end', (index) => blocksAt(index, [...varint(2 ** 40), 1]), /behind its end/],
    ['whose places have no end', (index) => blocksAt(index, Array(20).fill(0xff)), /where its blocks/],
    ['with a damaged block', (index) => index.with(20, index[20]! ^ 1), /does not match its checksum/],
  ])('%s', async (_, spoil, words) => {
    await expectRefused(storageOf(spoil(files.get(INDEX)!), files.get(DATA)!), 'bad-bundle', words);
  });

  test('with a tensor in slices, by its name', async () => {
    const { index, data } = putTogether(whole());
    const [header, ...rows] = [...takeRows(index)];
    const slices = ['\0\u0001', '\0\u0002'].map((slice) => [`\0kernel${slice}`, rows[0]![1]] as const);
    const sliced = writeTable([header!, ...slices, ...rows], { most: 99 });
    await expectRefused(storageOf(sliced, data), 'bad-bundle', /"kernel" is stored in slices/);
  });

  test('with values that changed, whoever takes them: every weight, into TensorFlow.js files', async () => {
    const keys = [...whole().entries.keys()].filter((key) => key.startsWith('layer_with_weights'));
    expect(keys.length).toBeGreaterThan(3);
    for (const key of keys) {
      const parts = whole();
      const { offset, size } = parts.entries.get(key)!;
      parts.data[offset + size - 1]! ^= 1;
      const { index, data } = putTogether(parts);
      const given = [['model.json', architecture] as const, [INDEX, index] as const, [DATA, data] as const];
      const written = web.readModel(given, { weights: 'net' }).then((model) => web.writeModel(model, { to: 'tfjs' }));
      await expect(written).rejects.toMatchObject({ code: 'bad-bundle', message: expect.stringContaining('checksum') });
    }
  });

  test('with a key twice, and with keys in no order', async () => {
    const { index, data } = putTogether(whole());
    const rows = [...takeRows(index)];
    const twice = rows.toSpliced(2, 0, rows[1]!);
    await expectRefused(storageOf(writeTable(twice, { most: 2 }), data), 'bad-bundle', /twice/);
    await expectRefused(storageOf(writeTable([...rows].reverse(), { most: 99 }), data), 'bad-bundle', /order/);
  });

  test('that TensorFlow 1 wrote, which names no objects', async () => {
    const rows = [...takeRows(files.get(INDEX)!)].filter(([key]) => key !== GRAPH_KEY);
    const storage = storageOf(writeTable(rows), files.get(DATA)!);
    await expectRefused(storage, 'tensorflow-1', /TensorFlow 1/);
    // An architecture would not help: nobody is told to give one first.
    for (const path of ['net', INDEX, DATA])
      await expect(readFrom(storage, path, {})).rejects.toMatchObject({ code: 'tensorflow-1', where: { file: INDEX } });
  });

  test('beside values that are a Git LFS pointer', async () => {
    const pointer = new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n');
    await expectRefused(storageOf(files.get(INDEX)!, pointer), 'lfs-pointer', /Git LFS/);
    await expectRefused(storageOf(files.get(INDEX)!, files.get(DATA)!, 'other'), 'weights-missing', /00000-of-00001/);
  });
});

function blocksAt(index: Uint8Array, places: readonly number[]): Uint8Array {
  const changed = index.slice();
  changed.fill(0, changed.length - 48, changed.length - 8);
  changed.set([0, 1, ...places], changed.length - 48);
  return changed;
}

function takeRows(index: Uint8Array): ReadonlyMap<string, Uint8Array> {
  return readTable(index);
}

describe('an object graph', () => {
  test.each<Row>([
    [
      'with a child that is no object',
      ({ nodes }) => {
        nodes[0]!.children.push(['other', 1e6]);
      },
      'bad-protobuf',
      /damaged/,
    ],
    [
      'without objects',
      (parts) => {
        parts.nodes = [];
      },
      'unmappable-weights',
      /no layers/,
    ],
    [
      'without layers',
      ({ nodes }) => {
        nodes[0]!.children = [];
      },
      'unmappable-weights',
      /no layers/,
    ],
    [
      'of a Keras 3 model',
      ({ nodes }) => {
        nodes[0]!.children = [['_functional', 1]];
      },
      'unmappable-weights',
      /Keras 3/,
    ],
    [
      'with a layer less',
      ({ nodes }) => {
        nodes[0]!.children = nodes[0]!.children.filter(([name]) => name !== 'layer-8');
      },
      'weights-mismatch',
      /8 layers .* 9/,
    ],
    [
      'with layers in two orders',
      (parts) => {
        const { children } = parts.nodes[0]!;
        const at = (name: string) => children.findIndex(([child]) => child === name);
        const [one, other] = [at('layer_with_weights-0'), at('layer_with_weights-1')];
        const [first, second] = [children[one]![1], children[other]![1]];
        children[one] = ['layer_with_weights-0', second];
        children[other] = ['layer_with_weights-1', first];
      },
      'weights-mismatch',
      /two orders/,
    ],
    [
      'with a layer that has lost a variable',
      (parts) => {
        childOf(parts, 'layer-1').children.pop();
      },
      'weights-mismatch',
      /has 1 weight of it, its config asks for 2/,
    ],
    [
      'with the variables of one layer in another',
      (parts) => {
        const own = childOf(parts, 'layer-1', 'bias');
        childOf(parts, 'layer-7').children = [...childOf(parts, 'layer-1').children];
        expect(own.attributes).toHaveLength(1);
      },
      'weights-mismatch',
      /has the shape/,
    ],
    [
      'with the names of two layers exchanged',
      (parts) => {
        const [kind, place] = [childOf(parts, 'layer-7', 'kernel'), childOf(parts, 'layer-8', 'kernel')];
        [kind.attributes[0]!.fullName, place.attributes[0]!.fullName] = [
          place.attributes[0]!.fullName,
          kind.attributes[0]!.fullName,
        ];
      },
      'unmappable-weights',
      /the weights of "place" where TensorFlow would load those of "kind"/,
    ],
    [
      'with a table in a layer',
      (parts) => {
        childOf(parts, 'layer-1').children.push([
          'table',
          parts.nodes.push({ children: [], attributes: [{ name: 'table', fullName: '', key: 'keys' }] }) - 1,
        ]);
      },
      'unmappable-weights',
      /no variable/,
    ],
    [
      'that leads through ten thousand objects',
      (parts) => {
        let node = childOf(parts, 'layer-1');
        for (let count = 0; count < 10_000; count++) {
          const next = { children: [], attributes: [] };
          node.children.push(['next', parts.nodes.push(next) - 1]);
          node = next;
        }
      },
      'unmappable-weights',
      /more than 32/,
    ],
  ])('%s', async (_, spoil, code, words) => {
    const parts = whole();
    const { index, data } = putTogether(parts, spoil(parts) as TableOptions | undefined);
    await expectRefused(storageOf(index, data), code, words);
  });

  test('in circles, which are allowed', async () => {
    const parts = whole();
    childOf(parts, 'layer-1').children.push([
      'self',
      parts.nodes[0]!.children.find(([name]) => name === 'layer-1')![1],
    ]);
    expect(parts.nodes[0]!.children).toContainEqual(['root', 0]);
    const { index, data } = putTogether(parts);
    const read = (storage: ReturnType<typeof memoryStorage>) =>
      readFrom(storage, 'model.json', { weights: 'net' }).then(allValues);
    expect(await read(storageOf(index, data))).toEqual(await read(storageOf(files.get(INDEX)!, files.get(DATA)!)));
  });
});
