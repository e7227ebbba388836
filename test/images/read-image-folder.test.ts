import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readImageFolder, samplePerClass } from '../../src/images/read-image-folder.js';
import { makeFolders } from '../support/cli.js';

const newFolder = makeFolders();

/** A folder that holds empty files of these names. */
function folderOf(...names: readonly string[]): string {
  const folder = newFolder();
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), '');
  }
  return folder;
}

const found = async (folder: string, options = {}) => {
  const { classes, images } = await readImageFolder(folder, options);
  return { classes, images: images.map(({ path, label }) => [path.slice(folder.length + 1), label]) };
};

test('classes and their images sort by code units; hidden files and others are passed over', async () => {
  const folder = folderOf(
    'b/2.png',
    'b/10.JPG',
    'Z/1.webp',
    'a/1.txt',
    'a/.hidden.png',
    'a/x.jpeg',
    '.git/1.png',
    'ä/1.tif',
    'loose.png',
  );
  expect(await found(folder)).toEqual({
    classes: ['Z', 'a', 'b', 'ä'],
    images: [
      ['Z/1.webp', 0],
      ['a/x.jpeg', 1],
      ['b/10.JPG', 2],
      ['b/2.png', 2],
      ['ä/1.tif', 3],
    ],
  });
});

test('links to folders and files count, what leads nowhere and what is no file does not', async () => {
  const elsewhere = folderOf('cats/1.png');
  const folder = folderOf('dogs/1.png');
  symlinkSync(join(elsewhere, 'cats'), join(folder, 'cats'));
  symlinkSync(join(elsewhere, 'cats/1.png'), join(folder, 'dogs/2.png'));
  symlinkSync(join(elsewhere, 'nothing.png'), join(folder, 'dogs/3.png'));
  execFileSync('mkfifo', [join(folder, 'dogs/4.png')]);
  expect(await found(folder)).toEqual({
    classes: ['cats', 'dogs'],
    images: [
      ['cats/1.png', 0],
      ['dogs/1.png', 1],
      ['dogs/2.png', 1],
    ],
  });
});

test('labels give the order of the output units, and may name classes without a folder', async () => {
  const folder = folderOf('cat/1.png', 'dog/1.png', 'labels.txt');
  writeFileSync(join(folder, 'labels.txt'), 'dog\r\n  bird\ncat\n\n');
  const labels = join(folder, 'labels.txt');
  expect(await found(folder, { labels })).toEqual({
    classes: ['dog', 'bird', 'cat'],
    images: [
      ['cat/1.png', 2],
      ['dog/1.png', 0],
    ],
  });
});

test('images outside class folders, where those will do', async () => {
  const folder = folderOf('1.png', '2.png');
  expect(await found(folder, { allowsNoClasses: true })).toEqual({
    classes: [],
    images: [
      ['1.png', undefined],
      ['2.png', undefined],
    ],
  });
  await expect(readImageFolder(folder)).rejects.toMatchObject({ kind: 'input', code: 'no-classes' });
});

describe('refused', () => {
  const withLabels = (text: string) => {
    const folder = folderOf('cat/1.png');
    writeFileSync(join(folder, 'labels.txt'), text);
    return readImageFolder(folder, { labels: join(folder, 'labels.txt') });
  };
  test.each([
    ['no such folder', () => readImageFolder('/no/such/folder'), 'input', 'no-such-folder'],
    ['a file', () => readImageFolder(join(folderOf('x.png'), 'x.png')), 'input', 'no-such-folder'],
    ['an empty folder', () => readImageFolder(newFolder()), 'input', 'no-images'],
    ['class folders without images', () => readImageFolder(folderOf('a/1.txt', 'b/2.txt')), 'input', 'no-images'],
    ['a class that the labels do not have', () => withLabels('dog\n'), 'usage', 'unknown-class'],
    ['a label twice', () => withLabels('cat\ndog\ncat\n'), 'usage', 'bad-labels'],
    ['an empty line among the labels', () => withLabels('cat\n\ndog\n'), 'usage', 'bad-labels'],
    ['no labels', () => withLabels('\n'), 'usage', 'bad-labels'],
    [
      'no such file of labels',
      () => readImageFolder(folderOf('a/1.png'), { labels: '/no/file' }),
      'usage',
      'bad-labels',
    ],
  ])('%s', async (_, list, kind, code) => {
    await expect(list()).rejects.toMatchObject({ name: 'RetrofitError', kind, code });
  });
});

test('at most so many images of a class, by the seed, in the order of the folder', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `${String(index).padStart(2, '0')}.png`);
  const folder = folderOf(...names.map((name) => `a/${name}`), 'b/1.png', 'b/2.png');
  const all = await readImageFolder(folder);
  const pick = (count: number, seed: number) => samplePerClass(all, count, seed).images.map(({ path }) => path);
  const five = pick(5, 1);
  expect(five.filter((path) => path.includes('/a/'))).toHaveLength(5);
  expect(five.filter((path) => path.includes('/b/'))).toHaveLength(2);
  expect(five).toEqual([...five].sort());
  expect(pick(5, 1)).toEqual(five);
  expect(pick(5, 2)).not.toEqual(five);
  expect(pick(50, 1)).toEqual(all.images.map(({ path }) => path));
});
