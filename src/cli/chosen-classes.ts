import { usageError } from '../errors.js';
import { quotedNames } from '../report/printable.js';

/**
 * The classes that `--classes` names: `cat,dog`, or a whole name that has commas in it.
 * @returns indices of `names`, in their order
 * @throws RetrofitError `unknown-class`, `bad-option`
 */
export function findChosen(texts: readonly string[], names: readonly string[], most: number): readonly number[] {
  const words = texts.flatMap((text) => (names.includes(text) ? [text] : text.split(',').map((word) => word.trim())));
  const chosen = new Set<number>();
  for (const word of words) {
    const index = names.indexOf(word);
    if (index < 0) throw unknown(word, names);
    chosen.add(index);
  }
  if (chosen.size > most) {
    throw usageError(
      'bad-option',
      `--classes names ${chosen.size} classes: no more than ${most} lines can be told apart`,
      {
        where: { field: 'classes' },
        hint: 'name fewer; --csv has every class',
      },
    );
  }
  return [...chosen].sort((left, right) => left - right);
}

function unknown(word: string, names: readonly string[]) {
  return usageError('unknown-class', `--classes "${word}": there is no such class`, {
    where: { field: 'classes' },
    hint: `the classes are ${quotedNames(names, 5)}; one with a comma in it goes behind a --classes of its own`,
  });
}
