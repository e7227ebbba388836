import { expect, test } from 'vitest';
import { readAll, readFixture, valuesOf } from '../../../support/hdf5-files.js';

const NUMBERS = [
  ['f2', 'float16', 2],
  ['f4', 'float32', 4],
  ['f8', 'float64', 8],
  ['i1', 'int8', 1],
  ['i2', 'int16', 2],
  ['i4', 'int32', 4],
  ['i8', 'int64', 8],
  ['u1', 'uint8', 1],
  ['u2', 'uint16', 2],
  ['u4', 'uint32', 4],
  ['u8', 'uint64', 8],
] as const;

test('numbers of every type are read, big-endian ones turned round', () =>
  readFixture('dtypes.h5', (file) => {
    for (const [name, dtype, size] of NUMBERS) {
      const found = file.dataset(`/little_${name}`);
      expect(found).toEqual({ path: `/little_${name}`, shape: [2, 3], dtype, byteLength: 6 * size });
      expect(file.dataset(`/big_${name}`).dtype).toBe(dtype);
      expect(valuesOf(file, `/big_${name}`)).toEqual(valuesOf(file, `/little_${name}`));
    }
    expect([...new Float32Array(new Uint8Array(valuesOf(file, '/little_f4')).buffer)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...valuesOf(file, '/big_i2')]).toEqual([1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]);
  }));

test('types that are no numbers to HDF5 are known by how h5py and Keras store them', () =>
  readFixture('dtypes.h5', (file) => {
    expect(file.dataset('/bool').dtype).toBe('bool');
    expect([...valuesOf(file, '/bool')]).toEqual([1, 0, 1]);
    expect(file.dataset('/bfloat16').dtype).toBe('bfloat16');
    expect(valuesOf(file, '/bfloat16').toString('hex')).toBe('803f00404040');
    expect(file.dataset('/opaque').dtype).toBe('other');
    expect(file.dataset('/compound').dtype).toBe('other');
    expect(file.dataset('/text').dtype).toBe('string');
    expect(file.dataset('/fixed_texts').dtype).toBe('string');
    expect(() => [...file.chunks(file.dataset('/text'))]).toThrow('holds no numbers');
  }));

test('scalars, empty datasets and those that were never written', () =>
  readFixture('dtypes.h5', (file) => {
    expect(file.dataset('/scalar').shape).toEqual([]);
    expect(valuesOf(file, '/scalar').readFloatLE()).toBe(7);
    expect(file.dataset('/empty')).toMatchObject({ shape: [0, 3], byteLength: 0 });
    expect(valuesOf(file, '/empty').length).toBe(0);
    expect(file.dataset('/nothing')).toMatchObject({ shape: [0], byteLength: 0 });
    expect(valuesOf(file, '/never_written')).toEqual(Buffer.alloc(16));
  }));

test('attributes in every way that h5py and Keras write texts', () =>
  readFixture('attributes.h5', (file) => {
    const text = (name: string) => file.readText('/', name);
    expect([text('utf8'), text('ascii'), text('fixed'), text('spaced'), text('objects')]).toEqual([
      'läyer',
      'layer',
      'layer',
      'layer',
      'only',
    ]);
    expect(text('long')).toBe('x'.repeat(100_000));
    expect([text('empty_text'), text('missing')]).toEqual(['', undefined]);
    const texts = (name: string) => file.readTexts('/', name);
    expect(texts('list')).toEqual(['kernel:0', 'bïas:0']);
    expect(texts('ascii_list')).toEqual(['kernel:0', 'bias:0']);
    expect(texts('fixed_list')).toEqual(['kernel:0', 'b:0']);
    expect([texts('none'), texts('no_text'), texts('missing')]).toEqual([[], [], undefined]);
    expect(texts('utf8')).toEqual(['läyer']);
    expect(() => text('list')).toThrow('something else where a text should be');
    expect(() => text('number')).toThrow('something else where a text should be');
    expect(() => texts('numbers')).toThrow('something else where a text should be');
    expect(file.readText('/data', 'note')).toBe('on a dataset');
    expect(() => file.readText('/nowhere', 'note')).toThrow('there is no such object');
  }));

test('what is packed in chunks is unpacked', () =>
  readFixture('packed.h5', (file) => {
    const values = valuesOf(file, '/gzip');
    expect(values.readFloatLE(4 * 1199)).toBe(1199);
    expect(valuesOf(file, '/chunked')).toEqual(values);
    expect(valuesOf(file, '/checked')).toEqual(values);
  }));

test('groups are listed in the order of their names; what is not there is not there', () =>
  readFixture('weights.h5', (file) => {
    expect(file.list('/')).toEqual([
      { name: 'layers', kind: 'group' },
      { name: 'vars', kind: 'group' },
    ]);
    expect(file.list('/layers/dense_1/vars').map(({ name }) => name)).toEqual(['0', '1']);
    expect(file.readText('/layers/dense_1/vars', 'name')).toBe('layer_1');
    expect([file.has('/'), file.has('/layers'), file.has('/layers/dense_2/vars/0')]).toEqual([true, true, true]);
    expect([file.has('/no'), file.has('/layers/dense_2/vars/0/x')]).toEqual([false, false]);
    expect(() => file.list('/no')).toThrow('there is no such group');
    expect(() => file.dataset('/layers')).toThrow('there is no such dataset');
    for (const path of ['', 'layers', '//layers', '/layers/', '/layers/../vars', '/./vars']) {
      expect(() => file.has(path)).toThrow('a path with an empty name, . or ..');
    }
  }));

test('files of the latest kind are read too', () =>
  readFixture('latest.h5', (file) => {
    expect(file.list('/layers').length).toBe(12);
    expect(file.readText('/layers/dense_7/vars', 'name')).toBe('layer_7');
    expect(valuesOf(file, '/layers/dense_7/vars/1').readFloatLE(8)).toBe(7);
    expect(readAll(file)).toBe(12 * 9 * 4);
  }));

test('two files are open at once', async () => {
  const total = await readFixture('weights.h5', (first) =>
    readFixture('packed.h5', (second) => readAll(first) + readAll(second) + readAll(first)),
  );
  expect(total).toBe(2 * 3 * 9 * 4 + 3 * 4800);
});
