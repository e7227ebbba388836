import { inputError, usageError } from '../errors.js';
import { type ImageFile, isSameFolder, type ListOptions, readImageFolder } from '../images/read-image-folder.js';
import { plural } from '../plural.js';
import { randomNumbers, shuffled } from '../random.js';

/** Images that a model is trained with, and those it is evaluated on: no image is in both. */
export interface LabelledImages {
  /** Names by output unit. */
  readonly classes: readonly string[];
  readonly training: readonly ImageFile[];
  readonly validation: readonly ImageFile[];
}

/** A folder of its own, or the share of each class's images that is kept out of the training. */
export type Validation = string | number;

/**
 * Finds the images and decides, by the seed, which of them are kept for validation.
 * @param names see `readImageFolder`
 * @throws RetrofitError as `readImageFolder` does; `bad-option` for the same folder to train and to validate with;
 * `too-few-images` where a share leaves nothing for one of the two
 */
export async function findLabelledImages(
  folder: string,
  names: Pick<ListOptions, 'labels' | 'known'>,
  validation: Validation,
  seed: number,
): Promise<LabelledImages> {
  const found = await readImageFolder(folder, names);
  if (typeof validation === 'string') {
    if (await isSameFolder(folder, validation))
      throw usageError('bad-option', 'the images to validate with are those to train with', {
        where: { file: validation, field: 'validation' },
        hint: 'give a folder of other images, or the share to keep out of the training: --validation 0.1',
      });
    const others = await readImageFolder(validation);
    const images = others.images.map(({ path, label }): ImageFile => {
      const name = others.classes[label!]!;
      const own = found.classes.indexOf(name);
      if (own < 0) throw strangeClass(validation, name, folder);
      return { path, label: own };
    });
    return { classes: found.classes, training: found.images, validation: images };
  }
  const kept = new Set(keepShare(found.images, validation, seed));
  const training = found.images.filter((image) => !kept.has(image));
  if (kept.size === 0 || training.length === 0) {
    throw inputError(
      'too-few-images',
      `the folder holds ${plural(found.images.length, 'image')}: no share can be kept for validation`,
      {
        where: { file: folder },
        hint: 'give more images, or a folder of others with --validation',
      },
    );
  }
  return { classes: found.classes, training, validation: found.images.filter((image) => kept.has(image)) };
}

/** Takes the share of each class, rounded, but at least one image where there are two. */
function keepShare(images: readonly ImageFile[], share: number, seed: number): readonly ImageFile[] {
  const byLabel = new Map<number, ImageFile[]>();
  for (const image of images) {
    const members = byLabel.get(image.label!) ?? [];
    byLabel.set(image.label!, members);
    members.push(image);
  }
  return [...byLabel].flatMap(([label, members]) => {
    const count = Math.min(members.length - 1, Math.max(1, Math.round(members.length * share)));
    return shuffled(members, randomNumbers(seed, `tune/validation/${label}`)).slice(0, count);
  });
}

const strangeClass = (folder: string, name: string, training: string) =>
  usageError('unknown-class', `the class "${name}" of the validation is none of the training's`, {
    where: { file: folder, field: 'validation' },
    hint: `give folders of the same names as in ${training}`,
  });
