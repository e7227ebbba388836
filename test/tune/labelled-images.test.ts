import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findLabelledImages } from '../../src/tune/labelled-images.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const root = temporaryFolder();

/** Folders of files that are called images, so many in each. */
function folderOf(name: string, counts: Readonly<Record<string, number>>): string {
  for (const [label, count] of Object.entries(counts)) {
    mkdirSync(join(root, name, label), { recursive: true });
    for (let index = 0; index < count; index++) writeFileSync(join(root, name, label, `${index}.png`), '');
  }
  return join(root, name);
}

const perClass = (images: readonly { readonly label: number | undefined }[]) =>
  [0, 1, 2].map((label) => images.filter((image) => image.label === label).length);

test('of every class a share is kept, one image at least, and never the last', async () => {
  const folder = folderOf('share', { a: 20, b: 4, c: 1 });
  const { classes, training, validation } = await findLabelledImages(folder, {}, 0.1, 1);
  expect(classes).toEqual(['a', 'b', 'c']);
  expect(perClass(validation)).toEqual([2, 1, 0]);
  expect(perClass(training)).toEqual([18, 3, 1]);
  const paths = [...training, ...validation].map(({ path }) => path);
  expect(new Set(paths).size).toBe(25);
});

test('the seed decides which, and the same seed the same', async () => {
  const folder = folderOf('seeds', { a: 50, b: 50 });
  const kept = async (seed: number) => (await findLabelledImages(folder, {}, 0.2, seed)).validation;
  expect(await kept(1)).toEqual(await kept(1));
  expect(await kept(2)).not.toEqual(await kept(1));
});

test('a folder of others is labelled by the names of the training', async () => {
  const folder = folderOf('training', { a: 2, b: 2, c: 2 });
  const others = folderOf('others', { c: 1, b: 3 });
  const { training, validation } = await findLabelledImages(folder, {}, others, 1);
  expect(perClass(training)).toEqual([2, 2, 2]);
  expect(perClass(validation)).toEqual([0, 3, 1]);
  const strange = findLabelledImages(folder, {}, folderOf('strange', { a: 1, z: 1 }), 1);
  await expect(strange).rejects.toMatchObject({ code: 'unknown-class' });
});

test('one image a class leaves none to keep', async () => {
  const found = findLabelledImages(folderOf('few', { a: 1, b: 1 }), {}, 0.5, 1);
  await expect(found).rejects.toMatchObject({ code: 'too-few-images' });
});
