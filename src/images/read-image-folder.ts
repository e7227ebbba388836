import type { Dirent, Stats } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inputError, usageError } from '../errors.js';
import { randomNumbers, shuffled } from '../random.js';

/** Extensions of the image formats that sharp decodes; other files of a folder are ignored. */
const IMAGE_NAME = /\.(?:png|jpe?g|webp|gif|tiff?|avif)$/i;

export interface ImageFile {
  readonly path: string;
  /** Which class, as an output unit counts from 0; undefined in a folder without classes. */
  readonly label: number | undefined;
}

export interface ImageFolder {
  /** Names of the classes by output unit; empty where the images lie in no folders. */
  readonly classes: readonly string[];
  /** By class, then by name. */
  readonly images: readonly ImageFile[];
}

export interface ListOptions {
  /** A file with one class name a line, in the order of the output units; sorted order by default. */
  readonly labels?: string | undefined;
  /** Names of the model's classes, where it knows them and no file says them. */
  readonly known?: readonly string[] | undefined;
  /** Whether folders may have other names than those; then the folders' names count. */
  readonly allowsOthers?: boolean;
  /** Whether images outside class folders will do. */
  readonly allowsNoClasses?: boolean;
}

/**
 * Finds the images of a folder that holds one folder a class. Names sort by their code units, so that every machine
 * gives the same order. Links are followed. Hidden files, and files that are no images by their names, are passed over.
 * @throws RetrofitError `no-such-folder`, `no-images`, `no-classes`, `unknown-class`, `bad-labels`
 */
export async function readImageFolder(
  folder: string,
  { labels, known, allowsOthers = false, allowsNoClasses = false }: ListOptions = {},
): Promise<ImageFolder> {
  const { folders, images } = await look(folder);
  if (folders.length === 0) {
    if (images.length === 0) throw noImages(folder);
    if (!allowsNoClasses) {
      throw inputError('no-classes', 'the images lie in no class folders', {
        where: { file: folder },
        hint: "put the images of each class into a folder of the class's name",
      });
    }
    return { classes: [], images: images.map((name) => ({ path: join(folder, name), label: undefined })) };
  }
  const isKnown = known !== undefined && !(allowsOthers && folders.some((name) => !known.includes(name)));
  const classes = labels === undefined ? (isKnown ? known : folders) : await readLabels(labels);
  const byClass = await Promise.all(
    folders.map(async (name) => {
      const label = classes.indexOf(name);
      if (label < 0) throw unknownClass(join(folder, name), name, labels);
      const inside = await look(join(folder, name));
      return inside.images.map((image): ImageFile => ({ path: join(folder, name, image), label }));
    }),
  );
  const found = byClass.flat();
  if (found.length === 0) throw noImages(folder);
  return { classes, images: found };
}

/** Tells whether two paths lead to one folder; a path that leads nowhere is found out by listing it. */
export const isSameFolder = async (one: string, other: string): Promise<boolean> =>
  (await realpath(one).catch(() => one)) === (await realpath(other).catch(() => other));

/** At most so many images of each class, drawn by the seed and in the order of the folder. */
export function samplePerClass({ classes, images }: ImageFolder, count: number, seed: number): ImageFolder {
  const byLabel = new Map<number | undefined, ImageFile[]>();
  for (const image of images) {
    const members = byLabel.get(image.label);
    if (members === undefined) byLabel.set(image.label, [image]);
    else members.push(image);
  }
  const chosen = new Set<ImageFile>();
  for (const [label, members] of byLabel) {
    for (const image of shuffled(members, randomNumbers(seed, `images/${classes[label ?? 0] ?? ''}`)).slice(0, count))
      chosen.add(image);
  }
  return { classes, images: images.filter((image) => chosen.has(image)) };
}

async function look(
  folder: string,
): Promise<{ readonly folders: readonly string[]; readonly images: readonly string[] }> {
  let entries: readonly Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isUrl = /^[a-z][a-z0-9+.-]+:\/\//i.test(folder);
    const reason = isUrl
      ? 'a URL, and no folder'
      : code === 'ENOENT'
        ? 'there is no such folder'
        : code === 'ENOTDIR'
          ? 'this is no folder'
          : code === 'ENAMETOOLONG'
            ? 'there is no such folder: the name is too long for one'
            : `the folder cannot be read (${code})`;
    throw inputError('no-such-folder', reason, {
      where: { file: folder },
      hint: isUrl
        ? 'nothing is fetched here: copy the images to this machine first, and give their folder'
        : 'give a folder that holds one folder of images for each class',
    });
  }
  const visible = entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
  // Subsets of large collections are folders of links.
  const kinds = await Promise.all(
    visible.map((entry) => (entry.isSymbolicLink() ? stat(join(folder, entry.name)).catch(() => undefined) : entry)),
  );
  const names = (isWanted: (name: string, kind: Pick<Stats, 'isFile' | 'isDirectory'>) => boolean) =>
    visible.flatMap(({ name }, index) => (kinds[index] && isWanted(name, kinds[index]) ? [name] : []));
  return {
    folders: names((_, kind) => kind.isDirectory()),
    images: names((name, kind) => kind.isFile() && IMAGE_NAME.test(name)),
  };
}

async function readLabels(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const reason =
      error.code === 'ENOENT' ? 'there is no such file of labels' : `the file of labels cannot be read (${error.code})`;
    throw usageError('bad-labels', reason, {
      where: { file: path, field: 'labels' },
      hint: "give a text file with one class name a line, in the order of the model's output units",
    });
  });
  const names = text.split(/\r?\n/).map((line) => line.trim());
  while (names.at(-1) === '') names.pop();
  const twice = names.find((name, index) => name === '' || names.indexOf(name) !== index);
  if (names.length > 0 && twice === undefined) return names;
  throw usageError(
    'bad-labels',
    names.length === 0 ? 'the file of labels is empty' : `the line "${twice}" is empty or stands twice`,
    {
      where: { file: path, field: 'labels' },
      hint: "give a text file with one class name a line, in the order of the model's output units",
    },
  );
}

const noImages = (folder: string) =>
  inputError('no-images', 'the folder holds no images', {
    where: { file: folder },
    hint: 'PNG, JPEG, WebP, GIF, TIFF and AVIF files are read, from one folder a class',
  });

const unknownClass = (folder: string, name: string, labels: string | undefined) =>
  usageError('unknown-class', `the folder "${name}" is no class of ${labels ?? 'the model'}`, {
    where: { file: folder, field: 'labels' },
    hint:
      labels === undefined
        ? 'move the folder away, name the classes with --labels, or train for other classes: tune --head new'
        : 'add its name to the labels, or move the folder away',
  });
